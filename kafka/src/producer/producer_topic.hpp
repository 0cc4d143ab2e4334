#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "client/client.hpp"
#include "producer/partition_gate.hpp"

namespace annals::kafka {

/// How a key becomes a partition.
using Partitioner = std::int32_t (*)(const rd_kafka_topic_t*, const void* key, std::size_t key_size,
                                     std::int32_t partitions, void* topic_opaque, void* message_opaque);
/// By the name that the setting "partitioner" has.
[[nodiscard]] Partitioner partitioner_named(const std::string& name);

/// A topic that a producer writes to: librdkafka's handle, and the choice of a partition for each message.
///
/// Thread safety  one thread sends; librdkafka calls choose() from its own thread for messages that it could not place at
///                once, because its knowledge of the topic had grown too old.
/// Ownership      borrows the client and the answers that its topics share, which must outlive it; stays where it is
///                (librdkafka has its address).
class ProducerTopic {
 public:
  ProducerTopic(rd_kafka_t& client, const std::string& name, Partitioner partitioner, PartitionGate::Answers& answers);
  ~ProducerTopic() = default;
  ProducerTopic(const ProducerTopic&) = delete;
  ProducerTopic& operator=(const ProducerTopic&) = delete;

  [[nodiscard]] rd_kafka_topic_t& handle() const noexcept { return *handle_; }

  /// Runs `produce`, which sends one message to this topic. True when the message must wait for the partition's first
  /// confirmation: then it was refused as if it had no partition.
  template <class Produce>
  [[nodiscard]] bool held_back(Produce produce) {
    sender_ = std::this_thread::get_id();
    refused_ = false;
    produce();
    sender_ = std::thread::id{};
    return refused_;
  }
  /// To be called for each message that librdkafka is done with.
  static void settle(const rd_kafka_message_t& message);
  /// Pauses and resumes partitions as their gate wants it. True when one was resumed: librdkafka's threads do not look at
  /// it before they wake up.
  [[nodiscard]] bool tend(rd_kafka_t& client, std::chrono::steady_clock::time_point now);

 private:
  static std::int32_t choose(const rd_kafka_topic_t* topic, const void* key, std::size_t key_size,
                             std::int32_t partitions, void* self, void* message_opaque);
  [[nodiscard]] std::int32_t next_without_key(const rd_kafka_topic_t* topic, std::int32_t partitions);

  Partitioner partitioner_;
  PartitionGate gate_;
  PartitionGate::Answers& answers_;
  std::atomic<std::thread::id> sender_{};  ///< who is inside produce
  bool refused_ = false;
  std::atomic<std::uint32_t> without_key_{0};
  TopicHandle handle_;
};

}  // namespace annals::kafka
