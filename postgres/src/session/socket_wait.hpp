#pragma once
#include <poll.h>

#include <chrono>

#include "annals/postgres/database.hpp"

namespace annals::postgres {

/// Waits for the socket to become readable; false when time is up.
[[nodiscard]] inline bool readable(int socket, std::chrono::milliseconds wait) {
  pollfd entry{.fd = socket, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(wait.count())) > 0;
}

/// How long a server may say nothing: it ends a statement at its timeout, and a peer that is silent for a lease is given up.
/// A hundred years where a statement may take for ever.
[[nodiscard]] inline std::chrono::milliseconds patience(const Database& database) {
  constexpr std::chrono::milliseconds for_ever = std::chrono::years{100};
  if (database.statement_timeout.count() == 0) return for_ever;
  return database.statement_timeout + database.ownership_lease;
}

}  // namespace annals::postgres
