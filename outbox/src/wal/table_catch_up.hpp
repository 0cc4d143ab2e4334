#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/row_batch.hpp"
#include "annals/postgres/tail/blocker_watch.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals/postgres/tail/range_reader.hpp"
#include "log/detour.hpp"
#include "log/message_rows.hpp"
#include "progress/progress.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// Reads from the table what a slot does not have because it was committed before: everything that is not published yet up to a
/// horizon. What comes after the horizon, the slot has. table_catch_up.cpp opens with the argument.
///
/// Lifecycle      construct when the slot is there -> read() until it is done.
/// Thread safety  none. Ownership: borrows connection, clock and log.
/// Limits         those of RangeReader; waits for nothing.
class TableCatchUp {
 public:
  enum class State {
    rows,     ///< there is at least one message
    blocked,  ///< nothing now; a transaction that is still open may write below the horizon
    done,
  };

  TableCatchUp(postgres::Connection& connection, Clock& clock, const postgres::MessageLog& log,
               postgres::RangeReader::Options limits, const Progress& published);

  /// Replaces the messages at hand by the next ones that are not in `published`.
  [[nodiscard]] State read(const Progress& published);
  [[nodiscard]] std::size_t size() const noexcept { return detour_ ? detour_->rows().size() : rows_at_hand_.size(); }
  [[nodiscard]] MessageSource::Place place(std::size_t index) const;
  /// Everything but the ticket; holds until the next read().
  void decode(std::size_t index, MessageView& view) const { messages_.decode(row(index), view); }

  /// Known when it is done: everything at or below has been given, or was published.
  [[nodiscard]] std::int64_t horizon() const noexcept { return prover_.top(); }
  /// Who is in the way, as it was at most a second ago.
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers();

 private:
  [[nodiscard]] postgres::RowReader row(std::size_t index) const {
    return detour_ ? detour_->rows().row(index) : rows_.row(rows_at_hand_[index]);
  }
  [[nodiscard]] bool proven();
  [[nodiscard]] State read_around();
  void keep_unpublished(const Progress& published);

  postgres::LogTable table_;
  postgres::HorizonProver prover_;
  postgres::RangeReader reader_;
  MessageRows messages_;
  std::optional<Detour> detour_;  // until it is proven
  postgres::RowBatch rows_;
  std::vector<std::size_t> rows_at_hand_;  // of rows_
  std::int64_t after_ = 0;
  int proofs_left_ = 2;
  postgres::BlockerWatch watch_;
};

}  // namespace annals::outbox
