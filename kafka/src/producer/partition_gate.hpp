#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

namespace annals::kafka {

/// Lets the first message to a partition go alone.
///
/// A broker that knows nothing of a producer yet takes any sequence number as its first one (KAFKA-15591). Suppose five
/// requests are on their way and the first comes back with a passing error, because the partition's leader has just been
/// chosen, while the second is written. The broker will never take the first one now, and librdkafka concludes from the
/// success of the second that the first was written as well: it reports a message as delivered that is nowhere. That is no
/// theory: with a new topic and small batches it lost the first message in one run out of ten. In the same way the second
/// message could be written although the first was refused for good.
///
/// So, until a partition has confirmed something, only one message to it may be on its way. Afterwards the broker knows the
/// producer and checks every sequence number. It forgets a producer that is silent for producer.id.expiration.ms (one
/// day, and hardly ever less than some minutes); a confirmation counts for less than that.
///
/// Thread safety  all members.
class PartitionGate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes confirmation_max{5};

  /// Counts one more message for the partition, unless it has to wait for the answer to another.
  [[nodiscard]] bool admit(std::int32_t partition, Time now);
  /// Counts one more without asking.
  void force(std::int32_t partition);
  /// A message is done with; when it was delivered, the partition knows us.
  void settle(std::int32_t partition, bool delivered, Time now);

 private:
  struct Partition {
    std::size_t in_flight = 0;
    Time confirmed_until = Time::min();
  };
  [[nodiscard]] Partition& at(std::int32_t partition);

  std::mutex mutex_;
  std::vector<Partition> partitions_;
};

}  // namespace annals::kafka
