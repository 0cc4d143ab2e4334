#include "producer/partition_gate.hpp"

#include <algorithm>

#include "annals/core/assert.hpp"

namespace annals::kafka {

PartitionGate::Partition& PartitionGate::at(std::int32_t partition) {
  ANNALS_ASSERT(partition >= 0);
  const auto index = static_cast<std::size_t>(partition);
  if (index >= partitions_.size()) partitions_.resize(index + 1);
  return partitions_[index];
}

void PartitionGate::count(Partition& state, Time now) {
  if (state.in_flight++ == 0) state.answered = now;
}

bool PartitionGate::admit(std::int32_t partition, Time now) {
  const std::lock_guard lock{mutex_};
  auto& state = at(partition);
  if (state.in_flight > 0 && now >= state.confirmed_until) return false;
  count(state, now);
  return true;
}

void PartitionGate::force(std::int32_t partition, Time now) {
  const std::lock_guard lock{mutex_};
  count(at(partition), now);
}

void PartitionGate::settle(std::int32_t partition, bool delivered, Time now, std::int32_t broker) {
  const std::lock_guard lock{mutex_};
  auto& state = at(partition);
  ANNALS_ASSERT(state.in_flight > 0);
  --state.in_flight;
  state.answered = now;
  if (!delivered) return;
  state.confirmed_until = now + confirmation_max;
  state.broker = broker;
}

PartitionGate::Changes PartitionGate::tend(Time now, const Answers& answers) {
  const std::lock_guard lock{mutex_};
  Changes changes;
  for (std::size_t index = 0; index < partitions_.size(); ++index) {
    auto& state = partitions_[index];
    const auto partition = static_cast<std::int32_t>(index);
    const bool is_paused = state.paused != Time::min();
    const auto of_broker = answers.find(state.broker);
    const auto answered = of_broker == answers.end() ? state.answered : std::max(state.answered, of_broker->second);
    if (is_paused && (answered >= state.paused || now - state.paused >= pause_max)) {
      state.paused = Time::min();
      state.answered = now;
      changes.resume.push_back(partition);
    } else if (!is_paused && state.in_flight > unanswered_max && now - answered >= patience) {
      state.paused = now;
      changes.pause.push_back(partition);
    }
  }
  return changes;
}

}  // namespace annals::kafka
