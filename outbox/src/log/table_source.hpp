#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/message_source.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/doorbell.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/name_cache.hpp"
#include "annals/postgres/ordered_tail.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::outbox {

struct TableCursor;

/// The rows of a log's table as messages, by the exact tail and the doorbell. What is known of PostgreSQL's way to show
/// new rows is in OrderedTail and Doorbell; here they are made a MessageSource.
///
/// Thread safety  none. Ownership: borrows connection and clock.
class TableSource final : public MessageSource {
 public:
  struct Options {
    std::string relay;                 ///< for messages to people
    std::string accept_timeline = {};  ///< see RelayOptions
    std::size_t rows_max = 10'000;
    std::size_t bytes_max = 2U << 20U;
    std::chrono::milliseconds poll_interval{250};
  };

  TableSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options);

  [[nodiscard]] Cursor first(const Start& start, std::chrono::milliseconds wait_max) override;
  void start(const Cursor& after) override;
  State read() override;
  [[nodiscard]] std::size_t size() const noexcept override { return rows_.size(); }
  void decode(std::size_t index, MessageView& view) const override;
  [[nodiscard]] Cursor cursor(std::int64_t ticket) const override;
  [[nodiscard]] Place place(std::int64_t ticket) const override;
  [[nodiscard]] bool find(std::int64_t ticket, MessageView& view) override;
  void forget(std::int64_t ticket) override;
  void acknowledge(const Cursor&) override {}  // the table keeps its rows whether or not they were published
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  void rest() override { (void)bell_.drain(); }
  [[nodiscard]] bool more() const noexcept override { return tail_.more(); }
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers() override { return tail_.blockers(); }

 private:
  void require_same_history(const TableCursor& cursor);
  [[noreturn]] void refuse(const TableCursor& cursor, const std::string& what) const;
  [[nodiscard]] std::int64_t proven_end(std::chrono::milliseconds wait_max);
  [[nodiscard]] Place place_at(std::int64_t position);
  void decode(postgres::RowReader row, MessageView& view) const;
  void learn(const postgres::RowBatch& rows);

  postgres::Connection& connection_;
  Clock& clock_;
  postgres::MessageLog log_;
  Options options_;
  postgres::OrderedTail tail_;
  postgres::Doorbell bell_;
  postgres::NameCache streams_;
  postgres::ClusterIdentity cluster_;

  postgres::RowBatch rows_;
  postgres::RowBatch found_;
  std::vector<std::int64_t> stream_ids_;
  std::vector<Place> places_;       // of the tickets from first_ticket_ on; the last ones are those of rows_
  std::int64_t first_ticket_ = 0;   // of places_
  std::int64_t wanted_ticket_ = 0;  // nobody asks for tickets below
  State state_ = State::rows;
  std::chrono::steady_clock::time_point read_at_;
};

}  // namespace annals::outbox
