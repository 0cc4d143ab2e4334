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
#include "log/detour.hpp"
#include "log/message_rows.hpp"
#include "log/place_ledger.hpp"
#include "log/row_lookup.hpp"
#include "log/table_history.hpp"

namespace annals::outbox {

/// The rows of a log's table as messages: in the order of positions, by the exact tail and the doorbell, and around transactions that
/// are open for longer than a moment (Detour). What is known of PostgreSQL's way to show new rows is in these, which history
/// they are in TableHistory; here they are made a MessageSource.
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
    /// Whether what was published may be read again, where a cursor does not say all of it (Progress::exact()).
    bool may_repeat = true;
    std::optional<postgres::RowFilter> filter = std::nullopt;  ///< which rows are messages of this source; none: all
  };

  TableSource(postgres::Connection& connection, Clock& clock, postgres::MessageLog log, Options options);

  [[nodiscard]] Cursor first(const Start& start, std::chrono::milliseconds wait_max) override;
  void start(const Cursor& after) override;
  State read() override;
  [[nodiscard]] std::size_t size() const noexcept override { return rows().size(); }
  void decode(std::size_t index, MessageView& view) const override;
  [[nodiscard]] Cursor cursor(std::int64_t ticket) const override { return history_.cursor(published(ticket)); }
  [[nodiscard]] Place place(std::int64_t ticket) const override { return places_.at(ticket); }
  [[nodiscard]] std::int64_t watermark(std::int64_t ticket) const override {
    return places_.published(ticket).watermark();
  }
  [[nodiscard]] bool find(std::int64_t ticket, MessageView& view) override;
  void forget(std::int64_t ticket) override { places_.forget(ticket); }
  void acknowledge(const Cursor& cursor) override;
  [[nodiscard]] bool moved(Move move) const override;
  [[nodiscard]] bool wait(std::chrono::milliseconds wait_max) override;
  void rest() override { (void)bell_.drain(); }
  [[nodiscard]] bool more() const noexcept override { return detour_ ? detour_->more() : tail_.more(); }
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers() override {
    return detour_ ? detour_->blockers() : tail_.blockers();
  }

 private:
  [[nodiscard]] const postgres::RowBatch& rows() const noexcept { return detour_ ? detour_->rows() : last_.rows; }
  void require_repeatable() const;
  void pass_over();
  void settle_place();
  [[nodiscard]] Progress published(std::int64_t ticket) const;
  State read_in_order();
  State read_around();
  void go_around(Progress given);
  [[nodiscard]] bool wait_for_holes(std::chrono::milliseconds wait_max);

  postgres::Connection& connection_;
  Clock& clock_;
  postgres::MessageLog log_;
  Options options_;
  TableHistory history_;
  postgres::OrderedTail tail_;
  postgres::Doorbell bell_;
  MessageRows messages_;
  RowLookup lookup_;
  PlaceLedger places_;  // the last ones are those of rows()
  std::optional<Detour> detour_;

  /// What the last read gave, and the last record of a cursor.
  struct Last {
    postgres::RowBatch rows;
    State state = State::rows;
    std::chrono::steady_clock::time_point read_at;
    std::int64_t after = 0;     ///< everything at or below is given; without a detour nothing above it is
    std::int64_t placed = 0;    ///< the same, when the place there is known
    std::int64_t recorded = 0;  ///< the watermark of the cursor that was recorded
    std::chrono::steady_clock::time_point recorded_at;

    /// What everything at or below the watermark comes down to: there is no message between the two, nor will be.
    struct Same {
      std::int64_t watermark = -1;
      Place place = {};
    } same;
  } last_;
};

}  // namespace annals::outbox
