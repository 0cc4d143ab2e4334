#include "annals/postgres/session_lock.hpp"

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "session/hash.hpp"

namespace annals::postgres {

SessionLock::SessionLock(Connection& connection, std::string_view name)
    : connection_(connection), key_(session_lock_key(name)) {}

std::int64_t session_lock_key(std::string_view name) noexcept {
  return stable_hash("annals:lock:" + std::string{name});
}

SessionLock::~SessionLock() {
  try {
    release();
  } catch (const Error&) {  // the session is gone, and the lock with it
  }
}

bool SessionLock::try_acquire() {
  if (!held_) held_ = connection_.query("SELECT pg_try_advisory_lock($1::bigint)", Params{}.bigint(key_)).boolean(0, 0);
  return held_;
}

void SessionLock::release() {
  if (!held_) return;
  held_ = false;
  connection_.query("SELECT pg_advisory_unlock($1::bigint)", Params{}.bigint(key_));
}

}  // namespace annals::postgres
