#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include "producer/broker_load.hpp"

namespace annals::kafka {

/// Says which messages to a partition may leave for librdkafka.
///
/// The first one goes alone. A broker that knows nothing of a producer yet takes any sequence number as its first one
/// (KAFKA-15591). Suppose five requests are on their way and the first comes back with a passing error, because the
/// partition's leader has just been chosen, while the second is written. The broker will never take the first one now, and
/// librdkafka concludes from the success of the second that the first was written as well: it reports a message as delivered
/// that is nowhere. That is no theory: with a new topic and small batches it lost the first message in one run out of ten.
/// In the same way the second message could be written although the first was refused for good.
///
/// So, until a partition has confirmed something, only one message to it may be on its way. Afterwards the broker knows the
/// producer and checks every sequence number. It forgets a producer that is silent for producer.id.expiration.ms (one
/// day, and hardly ever less than some minutes); a confirmation counts for less than that.
///
/// Nothing waits behind five. librdkafka (2.0.2, read and tried) sends nothing to a partition while five messages or
/// more are unanswered, and its thread asks all the time whether it may send what waits behind them: a whole core for as
/// long as an answer takes. So no more than five leave one by one, and more only as a batch, which librdkafka finds all at once
/// and puts into one request; what comes after that waits for an answer with whoever asks here.
///
/// Thread safety  all members.
class PartitionGate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::minutes confirmation_max{5};
  static constexpr std::size_t in_flight_max = 5;  ///< of those that leave one by one

  explicit PartitionGate(BrokerLoad& load) : load_(load) {}

  static constexpr std::size_t all =
      std::numeric_limits<std::size_t>::max();  ///< room for: where a connection is crowded
  struct Room {
    std::size_t single = 0;  ///< so many messages may leave one by one
    bool batch = false;      ///< and instead of those as many as a request holds
  };
  [[nodiscard]] Room room(std::int32_t partition, Time now);
  /// Counts one more message for the partition, when there is room for a single one.
  [[nodiscard]] bool admit(std::int32_t partition, Time now);
  /// Counts one more without asking.
  void force(std::int32_t partition);
  /// A message is done with; when it was delivered, by `broker`, the partition knows us.
  void settle(std::int32_t partition, bool delivered, Time now, std::int32_t broker = BrokerLoad::unknown);
  /// Not settled yet.
  [[nodiscard]] std::size_t in_flight(std::int32_t partition);

 private:
  struct Partition {
    std::size_t in_flight = 0;
    Time confirmed_until = Time::min();
    std::int32_t broker = BrokerLoad::unknown;
  };
  [[nodiscard]] Partition& at(std::int32_t partition);
  [[nodiscard]] Room room_of(const Partition& state, Time now) const;
  void count(Partition& state);

  BrokerLoad& load_;
  std::mutex mutex_;
  std::vector<Partition> partitions_;
};

}  // namespace annals::kafka
