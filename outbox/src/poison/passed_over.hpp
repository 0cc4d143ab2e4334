#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "annals/outbox/message_source.hpp"
#include "annals/postgres/message_log.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// The messages that an operator decided never to publish. An immutable value.
class PassedOver {
 public:
  PassedOver() = default;
  explicit PassedOver(std::vector<MessageSource::Place> places) : places_(std::move(places)) {
    std::sort(places_.begin(), places_.end(), before);
  }

  [[nodiscard]] bool empty() const noexcept { return places_.empty(); }
  [[nodiscard]] bool contains(const MessageSource::Place& place) const {
    const auto found = std::lower_bound(places_.begin(), places_.end(), place, before);
    return found != places_.end() && found->position == place.position && found->id == place.id;
  }

 private:
  static bool before(const MessageSource::Place& a, const MessageSource::Place& b) { return a.position < b.position; }
  std::vector<MessageSource::Place> places_;  // each was entered by hand, so there are few
};

/// What skip_message() recorded for a relay. Call it while the relay's lock is held.
[[nodiscard]] PassedOver read_passed_over(postgres::Connection& connection, const postgres::MessageLog& log,
                                          const std::string& relay);

}  // namespace annals::outbox
