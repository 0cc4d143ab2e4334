#include "producer/broker_load.hpp"

#include "annals/core/assert.hpp"

namespace annals::kafka {

void BrokerLoad::add(std::int32_t broker) {
  const std::lock_guard lock{mutex_};
  ++partitions_[broker];
}

void BrokerLoad::remove(std::int32_t broker) {
  const std::lock_guard lock{mutex_};
  auto& partitions = partitions_[broker];
  ANNALS_ASSERT(partitions > 0);
  --partitions;
}

bool BrokerLoad::is_crowded(std::int32_t broker) const {
  if (broker == unknown) return false;
  const std::lock_guard lock{mutex_};
  const auto found = partitions_.find(broker);
  return found != partitions_.end() && found->second > requests_max_;
}

}  // namespace annals::kafka
