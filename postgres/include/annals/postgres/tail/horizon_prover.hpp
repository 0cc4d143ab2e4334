#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "annals/postgres/log_table.hpp"
#include "annals/postgres/tail/blocker.hpp"

namespace annals::postgres {

class Connection;

/// Proves up to where a log is final: that no transaction can still fill a hole there. horizon_prover.cpp opens with the
/// argument.
///
/// Lifecycle      construct on an open connection -> begin() -> advance() until it says true -> begin() again …
/// Thread safety  none: one thread, one connection.
/// Ownership      borrows the connection, which must outlive it and must not be inside a transaction (each statement
///                needs its own snapshot). Not on a replica: its lock table knows no writer of the primary.
/// Errors         annals::Error {disconnected, failed}.
/// Limits         remembers the transactions that held the table's lock at one moment: at most as many as there are
///                sessions and prepared transactions.
class HorizonProver {
 public:
  HorizonProver(Connection& connection, const LogTable& table) : connection_(connection), table_(table) {}

  /// Starts to prove that everything up to top() is final, where top() is the last visible position and at least
  /// `at_least`, which the caller has seen. True when it is proven already.
  bool begin(std::int64_t at_least = 0);
  /// Looks once at those that are waited for, without waiting; true when the proof is complete.
  bool advance();
  [[nodiscard]] bool pending() const noexcept { return pending_; }
  /// Everything at or below is final once the proof is complete.
  [[nodiscard]] std::int64_t top() const noexcept { return top_; }
  /// How many are waited for. When it shrinks, a hole may have been filled.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  /// Who is waited for. Asks the server.
  [[nodiscard]] std::vector<Blocker> blockers();

 private:
  [[nodiscard]] std::vector<std::string> holders();

  Connection& connection_;
  const LogTable& table_;
  std::int64_t top_ = 0;
  std::vector<std::string> waiting_;  // pg_locks.virtualtransaction
  bool pending_ = false;
  bool prepared_listed_ = false;
};

/// Waits until nothing can be committed any more at or below the end of a log as it is now, and returns that end: for whoever
/// is to begin at a place that no reader has come to. A position beyond it is proven by nothing.
/// Throws Error{overloaded}, which names who is in the way, when it is not proven after `wait_max`.
[[nodiscard]] std::int64_t settled_end(Connection& connection, const LogTable& table,
                                       std::chrono::milliseconds wait_max);

/// Looks for something that was written to the log's table, until it is there or nobody is open any more who had written by now; says
/// whether it is. For what was read in the write-ahead log: a commit stands there a moment before others see it, and for as long as a
/// synchronous standby is waited for. Throws Error{overloaded}, as settled_end() does, when it takes more than two seconds.
[[nodiscard]] bool is_there_once_settled(Connection& connection, const LogTable& table,
                                         const std::function<bool()>& look);

}  // namespace annals::postgres
