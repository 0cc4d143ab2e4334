#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "client/client.hpp"
#include "producer/kept_message.hpp"
#include "producer/partition_gate.hpp"
#include "producer/placement.hpp"

namespace annals::kafka {

/// How a key becomes a partition.
using Partitioner = std::int32_t (*)(const rd_kafka_topic_t*, const void* key, std::size_t key_size,
                                     std::int32_t partitions, void* topic_opaque, void* message_opaque);
/// By the name that the setting "partitioner" has.
[[nodiscard]] Partitioner partitioner_named(const std::string& name);

/// How much fits into one request.
struct RequestLimits {
  std::size_t messages = 1;
  std::size_t bytes = 1;
};

class ProducerTopic;
struct Place {
  ProducerTopic* topic;
  std::int32_t partition;
};
using Places = std::vector<Place>;

/// What the topics of a producer have in common.
struct Shared {
  Shared(std::size_t requests_max, const Placements& placements_in) : load(requests_max), placements(placements_in) {}
  BrokerLoad load;
  const Placements& placements;
  Places answered;  ///< where something waits and an answer has come, once each
};

/// A topic that a producer writes to: librdkafka's handle, the choice of a partition for each message, and what waits for an
/// answer to its partition.
///
/// Invariant: where something waits, something is on its way, or the place is in the list of those that were answered.
///
/// Thread safety  one thread sends; librdkafka calls choose() from its own thread for messages that it could not place at
///                once, because its knowledge of the topic had grown too old.
/// Ownership      borrows the client and what is shared, which must outlive it; stays where it is (librdkafka has its
///                address).
class ProducerTopic {
 public:
  ProducerTopic(rd_kafka_t& client, const std::string& name, Partitioner partitioner, Shared& shared);
  ~ProducerTopic() = default;
  ProducerTopic(const ProducerTopic&) = delete;
  ProducerTopic& operator=(const ProducerTopic&) = delete;

  [[nodiscard]] rd_kafka_topic_t& handle() const noexcept { return *handle_; }

  /// The partition that a message with this key has to wait for; none: it may leave, or librdkafka is to choose first. `key` has
  /// no data when there is none.
  [[nodiscard]] std::optional<std::int32_t> has_to_wait(std::string_view key, const Placement& placement);
  /// Runs `produce`, which sends one message to this topic. The partition that it has to wait for: then it was refused as
  /// if it had none.
  template <class Produce>
  [[nodiscard]] std::optional<std::int32_t> held_back(const Placement& placement, Produce produce) {
    placement_ = &placement;
    send(std::nullopt, produce);
    placement_ = nullptr;
    return refused_;
  }
  /// The same for one that may leave, to the partition that it waited for.
  template <class Produce>
  void send_to(std::int32_t partition, Produce produce) {
    send(partition, produce);
  }
  /// To be called for each message that librdkafka is done with.
  static void settle(const rd_kafka_message_t& message);

  void hold(std::int32_t partition, KeptMessage message);
  struct Departure {
    std::size_t count = 0;
    bool batch = false;  ///< more than may leave one by one: librdkafka must not see the first before the last
  };
  /// How many of those that wait may leave now.
  [[nodiscard]] Departure departure(std::int32_t partition, const RequestLimits& limits);
  [[nodiscard]] std::deque<KeptMessage>& waiting(std::int32_t partition) { return at(partition).messages; }
  /// After some left, or could not.
  void departed(std::int32_t partition);
  /// The first of those that wait somewhere, which knows its topic from then on.
  [[nodiscard]] KeptMessage take_front(std::deque<KeptMessage>& waiting);
  /// Moves all that waits to the end of `messages`.
  void give_back(std::vector<KeptMessage>& messages);
  /// Taken from the list of those that were answered.
  void taken(std::int32_t partition) { at(partition).listed = false; }

 private:
  struct Waiting {
    std::deque<KeptMessage> messages;
    bool listed = false;
  };

  template <class Produce>
  void send(std::optional<std::int32_t> partition, Produce produce) {
    sender_ = std::this_thread::get_id();
    target_ = partition;
    refused_.reset();
    produce();
    sender_ = std::thread::id{};
  }
  static std::int32_t choose(const rd_kafka_topic_t* topic, const void* key, std::size_t key_size,
                             std::int32_t partitions, void* self, void* message_opaque);
  struct Key {
    const void* data;
    std::size_t size;
  };
  [[nodiscard]] std::int32_t place(const rd_kafka_topic_t& topic, const Key& key, const Placement& placement,
                                   std::int32_t partitions);
  [[nodiscard]] std::int32_t next_without_key(const rd_kafka_topic_t* topic, std::int32_t partitions);
  [[nodiscard]] Waiting& at(std::int32_t partition);
  void list(std::int32_t partition);

  Partitioner partitioner_;
  Shared& shared_;
  PartitionGate gate_;
  std::deque<Waiting> waiting_;              // a deque, because its elements stay where they are
  std::atomic<std::int32_t> partitions_{0};  ///< as librdkafka last said; 0: it has not
  std::atomic<std::thread::id> sender_{};    ///< who is inside produce
  const Placement* placement_ = nullptr;     ///< of the message that is being sent, and has no target
  std::optional<std::int32_t> target_;       ///< of the message that is being sent
  std::optional<std::int32_t> refused_;
  std::atomic<std::uint32_t> without_key_{0};
  TopicHandle handle_;
};

}  // namespace annals::kafka
