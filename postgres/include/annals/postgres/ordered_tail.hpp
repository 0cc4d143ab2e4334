#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "annals/postgres/log_table.hpp"
#include "annals/postgres/row_batch.hpp"
#include "annals/postgres/tail/blocker_watch.hpp"
#include "annals/postgres/tail/horizon.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals/postgres/tail/range_reader.hpp"

namespace annals::postgres {

class Connection;

/// Reads a log table in position order without ever skipping a committed row: the exact tail. One implementation for
/// events and outbox, and the one door to a log: replay, follower, runner, relay and export come through here.
///
/// On a primary it proves for itself what is final (horizon_prover.cpp has the argument) and stores the horizon; on a
/// replica it reads up to the horizon that some reader on the primary has stored, and follows it.
///
/// Lifecycle      construct on an open connection -> read() as often as you like. Keeps what it has proven (the horizon),
///                never rows.
/// Thread safety  none: one thread, one connection.
/// Ownership      borrows the connection, which must outlive it and must not be inside a transaction (each statement
///                needs its own snapshot).
/// Errors         annals::Error {disconnected, failed}; Error{corrupt} when rows come out of order; Error{not_ready} on a
///                replica whose primary has stored no horizon yet.
/// Limits         those of RangeReader.
class OrderedTail {
 public:
  using Options = RangeReader::Options;

  enum class State {
    rows,       ///< the batch holds at least one row
    caught_up,  ///< there was nothing final after the position
    blocked,    ///< the next position is drawn by a transaction that is still open: look again after retry_after()
  };

  OrderedTail(Connection& connection, LogTable table) : OrderedTail(connection, std::move(table), Options{}) {}
  OrderedTail(Connection& connection, LogTable table, Options options);
  ~OrderedTail() = default;
  OrderedTail(const OrderedTail&) = delete;
  OrderedTail& operator=(const OrderedTail&) = delete;

  /// Reads only what the filter lets through from now on. Rows then come when they are proven, not sooner; after
  /// caught_up the reader may go on from horizon() in place of the position it asked with.
  void set_filter(const RowFilter& filter);

  /// Fills `batch` with the rows after `position`, in order; never waits for other transactions.
  State read(std::int64_t position, RowBatch& batch);
  /// The same, for at most `rows_max` rows.
  State read(std::int64_t position, RowBatch& batch, std::size_t rows_max);

  /// While blocked: how long until it is worth looking again. The longer it lasts, the more seldom: a question about
  /// locks holds up all who take one.
  [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept;
  /// How long it has been blocked; 0 while it is not.
  [[nodiscard]] std::chrono::milliseconds blocked_for() const noexcept;
  /// While blocked for longer than a moment (shorter waits are everyday life of a busy table): who is waited for, as it
  /// was at most a second ago. Asks the server.
  [[nodiscard]] const std::vector<Blocker>& blockers();
  /// After rows: there may be more of them already, because a limit of the read was reached.
  [[nodiscard]] bool more() const noexcept { return more_; }
  /// Everything at or below this position, from where reading began, is final: proven, not guessed.
  [[nodiscard]] std::int64_t horizon() const noexcept { return horizon_.position(); }
  [[nodiscard]] const LogTable& table() const noexcept { return reader_.table(); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  State read_primary(std::int64_t position, RowBatch& batch, std::size_t rows_max);
  State read_filtered(std::int64_t position, RowBatch& batch, std::size_t rows_max);
  State read_replica(std::int64_t position, RowBatch& batch, std::size_t rows_max);
  State read_final(std::int64_t position, RowBatch& batch, std::size_t rows_max);
  State read_fresh(std::int64_t position, RowBatch& batch, std::size_t rows_max);
  State look_again(std::int64_t position, RowBatch& batch, std::size_t rows_max);
  std::size_t take_prefix(std::int64_t position, RowBatch& batch);
  void block();
  void unblock() noexcept;

  Connection& connection_;
  RangeReader reader_;
  HorizonProver prover_;
  Horizon horizon_;
  std::optional<bool> replica_;  // not asked yet
  bool filtered_ = false;
  bool more_ = false;
  SteadyTime blocked_since_;
  SteadyTime look_at_;
  BlockerWatch watch_;
};

}  // namespace annals::postgres
