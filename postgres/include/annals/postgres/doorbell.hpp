#pragma once
#include <chrono>
#include <cstdint>
#include <string>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/log_table.hpp"

namespace annals::postgres {

/// Wakes a reader that has caught up, without a NOTIFY in every commit. doorbell.cpp opens with the protocol and the
/// argument why no wake-up is lost.
///
///     while (tail.read(cursor, batch) == caught_up) bell.wait(slow_poll);
///
/// Lifecycle      construct -> wait() whenever a read found nothing. Opens one session of its own, for the lock.
/// Thread safety  none.
/// Ownership      borrows the reader's connection, on which it LISTENs and which must not be inside a transaction.
/// Errors         annals::Error {disconnected, failed}; throw the Doorbell away then.
/// Limits         wait() returns after at most `wait`; a return is a hint to read again, never a promise of rows.
class Doorbell {
 public:
  Doorbell(Connection& reader, const LogTable& table);

  enum class Wake {
    rung,       ///< an appender committed, or may have
    armed,      ///< the bell has just been taken: read once more, then wait again
    timed_out,  ///< nothing happened: the slow poll
  };
  /// Waits until there may be something to read.
  Wake wait(std::chrono::milliseconds wait);
  /// While reads find rows: gives the bell up, so that appenders need not NOTIFY for nobody, and forgets what has rung.
  /// Cheap enough to be called after every such read; does not wait.
  void rest();

 private:
  enum class Lock { released, requested, held };
  void request();
  void release();
  [[nodiscard]] bool acquired_now();
  [[nodiscard]] bool rung();

  Connection& reader_;
  Connection lock_session_;
  std::int64_t key_;
  Lock lock_ = Lock::released;
};

}  // namespace annals::postgres
