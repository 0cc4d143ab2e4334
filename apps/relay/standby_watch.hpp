#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "annals/outbox/status.hpp"

namespace annals::relayd {

/// Whether standing by makes sense: whoever may connect may take an advisory lock, and then every relay stands by and
/// nothing is published. Fed with looks at the database, it says what is wrong with the one that holds the lock.
///
/// Thread safety  none.
class StandbyWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// One look at the database.
  struct Look {
    std::optional<postgres::Owner> owner;        ///< of the relay's lock
    const outbox::RelayStatus* relay = nullptr;  ///< nullptr: there is no checkpoint of this name
  };

  /// Empty when a relay may be publishing, or when nobody holds the lock. `application` is the name under which relays of
  /// this configuration connect; the owner's is empty where this role may not see it.
  [[nodiscard]] std::string fault(const Look& look, std::string_view application, Time now);

  /// Messages wait for so long and the checkpoint has not moved: nobody publishes. An owner that waits for an open
  /// transaction, or for its broker, looks the same from here, and then it is as true.
  static constexpr std::chrono::seconds still_max{60};

 private:
  std::optional<std::int64_t> position_;  // of the last look
  Time moved_at_;
};

}  // namespace annals::relayd
