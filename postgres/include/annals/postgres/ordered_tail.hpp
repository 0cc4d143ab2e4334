#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/postgres/log_table.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::postgres {

class Connection;

/// A transaction that the tail must wait for, for metrics and for `annals doctor`.
struct Blocker {
  std::string holder;  ///< virtual transaction, such as "3/45"
  int pid = 0;         ///< 0 for a prepared transaction
  std::chrono::milliseconds age{0};
  std::string state;  ///< "active", "idle in transaction", "prepared"
  std::string query;  ///< its last statement, when this role may see it; the gid of a prepared one
};

/// Reads a log table in position order without ever skipping a committed row: the exact tail. One implementation for
/// events and outbox. ordered_tail.cpp opens with the argument why it is exact.
///
/// Lifecycle      construct on an open connection -> read() as often as you like. Keeps what it has proven (the horizon),
///                never rows.
/// Thread safety  none: one thread, one connection.
/// Ownership      borrows the connection, which must outlive it and must not be inside a transaction (each statement
///                needs its own snapshot).
/// Errors         annals::Error {disconnected, failed}; Error{corrupt} when rows come out of order.
/// Limits         rows_max and bytes_max a call; a single row may exceed bytes_max.
class OrderedTail {
 public:
  struct Options {
    std::size_t rows_max = 20'000;      ///< rows a read; more costs memory, less costs round trips
    std::size_t bytes_max = 4U << 20U;  ///< bytes a read, before PostgreSQL's row overhead
  };

  enum class State {
    rows,       ///< the batch holds at least one row
    caught_up,  ///< there was nothing after the cursor
    blocked,    ///< the next position is drawn by a transaction that is still open: try again soon
  };

  OrderedTail(Connection& connection, LogTable table) : OrderedTail(connection, std::move(table), Options{}) {}
  OrderedTail(Connection& connection, LogTable table, Options options);

  /// Fills `batch` with the rows after `position`, in order; never waits for other transactions.
  State read(std::int64_t position, RowBatch& batch);
  /// The same, for at most `rows_max` rows.
  State read(std::int64_t position, RowBatch& batch, std::size_t rows_max);

  /// While blocked: who is waited for. Asks the server.
  [[nodiscard]] std::vector<Blocker> blockers();
  /// Everything at or below this position is final: proven, not guessed.
  [[nodiscard]] std::int64_t horizon() const noexcept { return horizon_; }
  [[nodiscard]] const LogTable& table() const noexcept { return table_; }

 private:
  /// Rows up to `top` become final once these have ended.
  struct Proof {
    std::int64_t top = 0;
    std::vector<std::string> waiting;  // pg_locks.virtualtransaction
    bool prepared_listed = false;
  };

  void copy(std::int64_t after, std::optional<std::int64_t> up_to, std::size_t rows_max, RowBatch& batch);
  State read_final(std::int64_t position, RowBatch& batch, std::size_t rows_max);
  State read_fresh(std::int64_t position, RowBatch& batch, std::size_t rows_max);
  void begin_proof(std::int64_t at_least);
  bool advance_proof();
  [[nodiscard]] std::vector<std::string> holders();
  void adapt(const RowBatch& batch) noexcept;

  Connection& connection_;
  LogTable table_;
  Options options_;
  std::int64_t horizon_ = 0;
  std::optional<Proof> proof_;
  std::size_t rows_next_;
};

}  // namespace annals::postgres
