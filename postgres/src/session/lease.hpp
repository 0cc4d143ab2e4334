#pragma once
#include <algorithm>
#include <chrono>
#include <string>

#include "annals/postgres/database.hpp"

namespace annals::postgres {

/// What a lease means for the two ends of a connection: each gives the other up when it was silent for five sixths of it.
struct PeerTimes {
  std::chrono::seconds idle;                 ///< of silence before the first keepalive probe
  std::chrono::seconds interval;             ///< between probes; three in vain are the end
  std::chrono::milliseconds unacknowledged;  ///< what was sent may stay so for this long
  std::chrono::milliseconds check;           ///< how often a running statement looks whether its client hung up
};

[[nodiscard]] inline PeerTimes peer_times(std::chrono::milliseconds lease) {
  using std::chrono::seconds;
  const auto whole = [](std::chrono::milliseconds time) {
    return std::max(seconds{1}, std::chrono::floor<seconds>(time));  // the finest that keepalives know
  };
  return {.idle = whole(lease / 3), .interval = whole(lease / 6), .unacknowledged = lease * 5 / 6, .check = lease / 6};
}

/// The statement that sets them at the server's end. Throws Error{invalid} when the lease is out of range.
[[nodiscard]] std::string peer_settings(const Database& database);

}  // namespace annals::postgres
