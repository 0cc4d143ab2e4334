#include "relay/standby_watch.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"

namespace annals::relayd {

std::string StandbyWatch::fault(const Look& look, std::string_view application, Time now) {
  const auto position = look.relay == nullptr ? std::nullopt : std::optional{look.relay->position};
  if (position != position_) moved_at_ = now;
  position_ = position;
  if (!look.owner) return {};
  const auto held = fmt::format("the lock is held by pid {} ({})", look.owner->pid,
                                look.owner->application_name.empty() ? "?" : printable(look.owner->application_name));
  // Relays of one name have one configuration, and so one application name.
  if (!look.owner->application_name.empty() && look.owner->application_name != application) {
    return held + ", which is not annals-relay";
  }
  // The first thing that an owner does is to write its checkpoint.
  if (!position) return held + ", which has never published";
  const auto waits = look.relay->oldest_age.value_or(std::chrono::milliseconds{0});
  if (waits > still_max && now - moved_at_ > still_max) {
    return fmt::format("{}, and messages wait for {} s while nobody publishes", held,
                       std::chrono::floor<std::chrono::seconds>(waits).count());
  }
  return {};
}

}  // namespace annals::relayd
