#pragma once
#include <cstdint>

#include "annals/postgres/log_table.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals/postgres/tail/horizon_store.hpp"

namespace annals::postgres {

class Connection;

/// Up to where a log is final for one reader, and what of that others may rely on.
///
/// Invariant: every row above assumed_ and at or below position() that will ever be visible is visible now. A reader may
/// begin anywhere, and what it leaves out is not proven by that: assumed_ is where it began, until a proof has gone past it.
/// Nothing at or below it is taken for final, neither for this reader, should it go back, nor for others: the horizon is
/// stored when it holds from the very beginning of the log.
///
/// Thread safety  none. Ownership: borrows connection and table.
/// Errors         Error{disconnected, failed}.
class Horizon {
 public:
  Horizon(Connection& connection, const LogTable& table)
      : beginning_(connection, table), store_(connection, table.horizon) {}

  [[nodiscard]] std::int64_t position() const noexcept { return position_; }
  /// The reader reads what comes after `position`.
  void begin_at(std::int64_t position) noexcept;
  /// Rows up to `position` follow the horizon without a hole.
  void extend(std::int64_t position) noexcept;
  /// Everything at or below `top` is final, from the beginning of the log.
  void prove(std::int64_t top) noexcept;
  /// Stores it for others when it is time; `at_rest`: the reader has found nothing more.
  void share(bool at_rest);
  /// What others have stored.
  [[nodiscard]] HorizonStore::Stored shared() { return store_.load(); }

 private:
  HorizonProver beginning_;  // of what lies at or below assumed_
  HorizonStore store_;
  std::int64_t assumed_ = 0;
  std::int64_t position_ = 0;
};

}  // namespace annals::postgres
