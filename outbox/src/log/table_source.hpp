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
#include "annals/postgres/doorbell.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/ordered_tail.hpp"
#include "annals/postgres/row_batch.hpp"
#include "log/message_rows.hpp"
#include "log/place_ledger.hpp"
#include "log/row_lookup.hpp"
#include "log/table_history.hpp"

namespace annals::outbox {

/// The rows of a log's table as messages, by the exact tail and the doorbell. What is known of PostgreSQL's way to show
/// new rows is in OrderedTail and Doorbell, which history they are in TableHistory; here they are made a MessageSource.
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
    std::optional<postgres::RowFilter> filter = std::nullopt;  ///< which rows are messages of this source; none: all
  };

  TableSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options);

  [[nodiscard]] Cursor first(const Start& start, std::chrono::milliseconds wait_max) override;
  void start(const Cursor& after) override;
  State read() override;
  [[nodiscard]] std::size_t size() const noexcept override { return rows_.size(); }
  void decode(std::size_t index, MessageView& view) const override;
  [[nodiscard]] Cursor cursor(std::int64_t ticket) const override { return history_.cursor(places_.done(ticket)); }
  [[nodiscard]] Place place(std::int64_t ticket) const override { return places_.at(ticket); }
  [[nodiscard]] std::int64_t watermark(std::int64_t ticket) const override { return places_.done(ticket).position; }
  [[nodiscard]] bool find(std::int64_t ticket, MessageView& view) override;
  void forget(std::int64_t ticket) override { places_.forget(ticket); }
  void acknowledge(const Cursor&) override;  // the table keeps its rows whether or not they were published
  [[nodiscard]] bool moved() const override;
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  void rest() override { (void)bell_.drain(); }
  [[nodiscard]] bool more() const noexcept override { return tail_.more(); }
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers() override { return tail_.blockers(); }

 private:
  void pass_over();

  postgres::Connection& connection_;
  Clock& clock_;
  postgres::MessageLog log_;
  Options options_;
  TableHistory history_;
  postgres::OrderedTail tail_;
  postgres::Doorbell bell_;
  MessageRows messages_;
  RowLookup lookup_;
  PlaceLedger places_;  // the last ones are those of rows_

  postgres::RowBatch rows_;
  State state_ = State::rows;
  std::chrono::steady_clock::time_point read_at_;
  std::chrono::steady_clock::time_point recorded_at_;
  std::int64_t recorded_ = 0;  // the position of what was recorded last
};

}  // namespace annals::outbox
