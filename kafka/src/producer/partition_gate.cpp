#include "producer/partition_gate.hpp"

#include "annals/core/assert.hpp"

namespace annals::kafka {

PartitionGate::Partition& PartitionGate::at(std::int32_t partition) {
  ANNALS_ASSERT(partition >= 0);
  const auto index = static_cast<std::size_t>(partition);
  if (index >= partitions_.size()) partitions_.resize(index + 1);
  return partitions_[index];
}

void PartitionGate::count(Partition& state) {
  if (state.in_flight++ == 0) load_.add(state.broker);
}

PartitionGate::Room PartitionGate::room_of(const Partition& state, Time now) const {
  if (now >= state.confirmed_until) return {.single = state.in_flight == 0 ? 1U : 0U};
  if (load_.is_crowded(state.broker)) return {.single = all};
  if (state.in_flight >= in_flight_max) return {};
  return {.single = in_flight_max - state.in_flight, .batch = true};
}

PartitionGate::Room PartitionGate::room(std::int32_t partition, Time now) {
  const std::lock_guard lock{mutex_};
  return room_of(at(partition), now);
}

bool PartitionGate::admit(std::int32_t partition, Time now) {
  const std::lock_guard lock{mutex_};
  auto& state = at(partition);
  if (room_of(state, now).single == 0) return false;
  count(state);
  return true;
}

void PartitionGate::force(std::int32_t partition) {
  const std::lock_guard lock{mutex_};
  count(at(partition));
}

void PartitionGate::settle(std::int32_t partition, bool delivered, Time now, std::int32_t broker) {
  const std::lock_guard lock{mutex_};
  auto& state = at(partition);
  ANNALS_ASSERT(state.in_flight > 0);
  --state.in_flight;
  if (state.in_flight == 0) load_.remove(state.broker);
  if (!delivered) return;
  state.confirmed_until = now + confirmation_max;
  if (state.in_flight > 0 && broker != state.broker) {
    load_.remove(state.broker);
    load_.add(broker);
  }
  state.broker = broker;
}

std::size_t PartitionGate::in_flight(std::int32_t partition) {
  const std::lock_guard lock{mutex_};
  return at(partition).in_flight;
}

}  // namespace annals::kafka
