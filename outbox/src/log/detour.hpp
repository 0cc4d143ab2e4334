#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "admission/shard_view.hpp"
#include "annals/core/clock.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/row_batch.hpp"
#include "annals/postgres/tail/blocker_watch.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals/postgres/tail/range_reader.hpp"
#include "progress/progress.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// Reads a log's table around transactions that are open: what they leave out is a hole, read when it is filled. detour.cpp opens
/// with what holds.
///
/// Lifecycle      construct -> read() until it is done: no hole is left, and the ordered tail may go on.
/// Thread safety  none. Ownership: borrows connection and clock; the connection must not be inside a transaction.
/// Errors         those of RangeReader and HorizonProver.
/// Limits         those of ShardView for each of two batches; holes_max holes, beyond which it waits like the ordered tail.
class Detour {
 public:
  enum class State {
    rows,     ///< there is at least one row
    waiting,  ///< nothing now, and holes are left
    done,     ///< nothing now, and no hole is left
  };

  struct Options {
    postgres::RangeReader::Options limits;
    std::optional<postgres::RowFilter> filter;  ///< which rows are given; none: all
  };

  Detour(postgres::Connection& connection, Clock& clock, postgres::LogTable table, const Options& options,
         Progress given);

  /// Replaces the rows at hand by the next ones.
  [[nodiscard]] State read();
  [[nodiscard]] const postgres::RowBatch& rows() const noexcept { return found_.rows; }
  /// Positions of rows that the filter hides, in their order: no holes, and nothing to wait for.
  [[nodiscard]] const std::vector<std::int64_t>& others() const noexcept { return others_; }
  /// With the rows at hand, and all before them, everything up to here is given, or never was a message.
  [[nodiscard]] std::int64_t watermark() const noexcept { return given_.watermark(); }
  /// There is more already.
  [[nodiscard]] bool more() const noexcept {
    return more_ || (filled_ && !(rows().empty() && others_.empty())) || !beyond_.empty();
  }
  /// While waiting: how long until a hole is worth a look. New rows may come sooner.
  [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept;
  /// Who is waited for, when it lasts, as it was at most a second ago.
  [[nodiscard]] const std::vector<postgres::Blocker>& blockers();

  static constexpr std::size_t holes_max = Progress::ranges_max / 2;

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  [[nodiscard]] bool may_go_beyond(SteadyTime now) const noexcept;
  void prove(SteadyTime now);
  [[nodiscard]] bool read_beyond(std::int64_t top);
  [[nodiscard]] bool read_holes(std::int64_t top);
  void hand_out();
  [[nodiscard]] State state() const noexcept;

  postgres::LogTable table_;
  Clock& clock_;
  postgres::HorizonProver prover_;
  ShardView view_;
  Progress given_;
  ShardView::Found found_;
  std::vector<std::int64_t> others_;
  ShardView::Found beyond_;             // read beyond the holes, not handed out yet
  std::optional<std::int64_t> proven_;  // a horizon up to which the holes have not been read since
  bool filled_ = false;                 // the holes have more than was read
  bool more_ = false;

  struct Times {
    std::int64_t watermark = 0;  // as it was
    SteadyTime begun_at;
    SteadyTime moved_at;  // when the watermark moved; long ago to begin with: who comes here has waited
    SteadyTime hole_at;   // when the last hole was made
    SteadyTime prove_at;  // the next look at who is open
  } times_;
  postgres::BlockerWatch watch_;
};

}  // namespace annals::outbox
