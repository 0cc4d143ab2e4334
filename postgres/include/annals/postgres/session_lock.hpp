#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace annals::postgres {

class Connection;

/// Key of the advisory lock behind a name, to look its holder up in pg_locks.
[[nodiscard]] std::int64_t session_lock_key(std::string_view name) noexcept;

/// Ownership of a named thing by one session in the whole database: an advisory lock that ends with the session, so a
/// crashed owner never blocks the next. Everything the owner writes should go through the same connection: when the lock
/// is lost, so is the way to write.
///
/// Thread safety  none. Ownership: borrows the connection, which must outlive it.
class SessionLock {
 public:
  SessionLock(Connection& connection, std::string_view name);
  ~SessionLock();
  SessionLock(const SessionLock&) = delete;
  SessionLock& operator=(const SessionLock&) = delete;

  /// Takes the lock if nobody else has it; returns whether it is held. Never waits.
  bool try_acquire();
  /// Gives it up so that another owner can take over at once.
  void release();
  [[nodiscard]] bool held() const noexcept { return held_; }

 private:
  Connection& connection_;
  std::int64_t key_;
  bool held_ = false;
};

}  // namespace annals::postgres
