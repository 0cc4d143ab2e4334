#include "relay/checkpoint_schedule.hpp"

#include <algorithm>

namespace annals::outbox {

void CheckpointSchedule::start(TimePoint now) noexcept {
  busy_since_ = now;
  quiet_since_ = now - quiet_interval;
}

void CheckpointSchedule::saved(TimePoint now) noexcept { busy_since_ = quiet_since_ = now; }

CheckpointSchedule::Milliseconds CheckpointSchedule::until_due(bool quiet, TimePoint now) const noexcept {
  auto due = busy_since_ + interval_;
  if (quiet) due = std::min(due, quiet_since_ + quiet_interval);
  return std::max(std::chrono::ceil<Milliseconds>(due - now), Milliseconds{0});
}

}  // namespace annals::outbox
