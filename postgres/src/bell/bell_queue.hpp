#pragma once
#include <chrono>
#include <memory>
#include <string>

namespace annals::postgres {

class Connection;

/// Waits for the bell beside its reader, in a session of its own: what a lock's queue refuses to others rings as a holder does, and
/// stands behind appenders that are in flight. doorbell.cpp says what for.
///
/// Lifecycle      construct (opens nothing) -> join() -> leave(), or until it is not waiting() any more -> join() …
/// Thread safety  none.
/// Ownership      borrows the reader's connection; owns a session, which it opens at the first join(), and which the server ends
///                when it was not needed for a lease (version 14 and later).
/// Errors         those of the reader's connection. Where no session is to be had it does without for a while: join() is false.
/// Limits         it waits for a lease at most.
class BellQueue {
 public:
  BellQueue(Connection& reader, std::string bell, std::chrono::milliseconds lease);
  ~BellQueue();
  BellQueue(const BellQueue&) = delete;
  BellQueue& operator=(const BellQueue&) = delete;

  /// True when it waits: whoever tries the bell from now on rings. False: nobody was in the way any more, or it cannot.
  [[nodiscard]] bool join();
  /// Whether it still does. Who had the bell before has ended when it does not, or the lease has.
  [[nodiscard]] bool waiting();
  /// Waits no longer. Nobody is waited for: the server does it.
  void leave();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  [[nodiscard]] bool open();
  /// True when the statement has ended, whatever it came to.
  [[nodiscard]] bool ended(std::chrono::milliseconds wait);
  void give_up() noexcept;

  Connection& reader_;
  std::string bell_;
  std::chrono::milliseconds lease_;
  std::unique_ptr<Connection> session_;
  bool asked_ = false;  // its statement has not been seen to end
  SteadyTime open_at_;  // not before
};

}  // namespace annals::postgres
