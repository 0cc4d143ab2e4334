#include "producer/partition_gate.hpp"

#include "annals/core/assert.hpp"

namespace annals::kafka {

PartitionGate::Partition& PartitionGate::at(std::int32_t partition) {
  ANNALS_ASSERT(partition >= 0);
  const auto index = static_cast<std::size_t>(partition);
  if (index >= partitions_.size()) partitions_.resize(index + 1);
  return partitions_[index];
}

bool PartitionGate::admit(std::int32_t partition, Time now) {
  const std::lock_guard lock{mutex_};
  auto& state = at(partition);
  if (state.in_flight > 0 && now >= state.confirmed_until) return false;
  ++state.in_flight;
  return true;
}

void PartitionGate::force(std::int32_t partition) {
  const std::lock_guard lock{mutex_};
  ++at(partition).in_flight;
}

void PartitionGate::settle(std::int32_t partition, bool delivered, Time now) {
  const std::lock_guard lock{mutex_};
  auto& state = at(partition);
  ANNALS_ASSERT(state.in_flight > 0);
  --state.in_flight;
  if (delivered) state.confirmed_until = now + confirmation_max;
}

}  // namespace annals::kafka
