#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace annals::kafka {

/// Says which messages to a partition may leave.
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
/// Behind a slow answer they rest. librdkafka (2.0.2, read and tried) sends nothing to a partition while five messages or
/// more are unanswered, and its thread asks all the time whether it may send what waits behind them: a whole core for as
/// long as the broker is slow, and where the broker shares the machine it is slow for as long. A partition that is paused is
/// not asked about. So the gate has a partition paused that has given no answer for `patience`, and resumed with the next
/// answer; and after `pause_max` in any case, because what a broken connection gives back waits for the same thread.
/// An answer of the partition's broker to any other counts too: with many partitions on a connection, which has five requests
/// under way, each waits for its turn, and the connection would stand still while they rest (with 64, two thirds of the time).
///
/// Thread safety  all members.
class PartitionGate {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Answers = std::map<std::int32_t, Time>;  ///< the last of each broker, by its id, to whatever partition
  static constexpr std::int32_t unknown_broker = -1;
  static constexpr std::chrono::minutes confirmation_max{5};
  static constexpr std::size_t unanswered_max = 4;  ///< librdkafka sends more behind no more than these
  static constexpr std::chrono::milliseconds patience{20};
  static constexpr std::chrono::milliseconds pause_max{200};

  /// Counts one more message for the partition, unless it has to wait for the answer to another.
  [[nodiscard]] bool admit(std::int32_t partition, Time now);
  /// Counts one more without asking.
  void force(std::int32_t partition, Time now);
  /// A message is done with; when it was delivered, by `broker`, the partition knows us.
  void settle(std::int32_t partition, bool delivered, Time now, std::int32_t broker = unknown_broker);

  struct Changes {
    std::vector<std::int32_t> pause;
    std::vector<std::int32_t> resume;
  };
  /// What the caller has to pause and to resume by now; it counts as done.
  [[nodiscard]] Changes tend(Time now, const Answers& answers = {});

 private:
  struct Partition {
    std::size_t in_flight = 0;
    Time confirmed_until = Time::min();
    Time answered = Time::min();  ///< or when it had nothing to answer, or was resumed
    Time paused = Time::min();    ///< never: it is not paused
    std::int32_t broker = unknown_broker;
  };
  [[nodiscard]] Partition& at(std::int32_t partition);
  void count(Partition& state, Time now);

  std::mutex mutex_;
  std::vector<Partition> partitions_;
};

}  // namespace annals::kafka
