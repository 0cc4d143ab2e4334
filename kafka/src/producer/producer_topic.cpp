#include "producer/producer_topic.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "annals/core/assert.hpp"

namespace annals::kafka {
namespace {

PartitionList list_of(const char* topic, const std::vector<std::int32_t>& partitions) {
  PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size()))};
  for (const auto partition : partitions) rd_kafka_topic_partition_list_add(list.get(), topic, partition);
  return list;
}

}  // namespace

Partitioner partitioner_named(const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, Partitioner>, 3> all{{
      {"murmur2_random", rd_kafka_msg_partitioner_murmur2_random},
      {"consistent_random", rd_kafka_msg_partitioner_consistent_random},
      {"fnv1a_random", rd_kafka_msg_partitioner_fnv1a_random},
  }};
  for (const auto& [known, partitioner] : all) {
    if (known == name) return partitioner;
  }
  throw invalid(fmt::format("partitioner {} is not known", name), "leave it out");
}

ProducerTopic::ProducerTopic(rd_kafka_t& client, const std::string& name, Partitioner partitioner,
                             PartitionGate::Answers& answers)
    : partitioner_(partitioner), answers_(answers) {
  auto* conf = rd_kafka_default_topic_conf_dup(&client);
  rd_kafka_topic_conf_set_opaque(conf, this);
  rd_kafka_topic_conf_set_partitioner_cb(conf, &ProducerTopic::choose);
  handle_.reset(rd_kafka_topic_new(&client, name.c_str(), conf));  // takes the configuration in any case
  if (!handle_) throw invalid(fmt::format("topic {}: {}", name, describe(rd_kafka_last_error())), "correct the name");
}

// NOLINTNEXTLINE(readability-function-size): librdkafka's signature
std::int32_t ProducerTopic::choose(const rd_kafka_topic_t* topic, const void* key, std::size_t key_size,
                                   std::int32_t partitions, void* self, void* message_opaque) {
  auto& that = *static_cast<ProducerTopic*>(self);
  const auto partition = key == nullptr ? that.next_without_key(topic, partitions)
                                        : that.partitioner_(topic, key, key_size, partitions, nullptr, message_opaque);
  if (that.sender_.load() != std::this_thread::get_id()) {  // too late to push back
    that.gate_.force(partition, std::chrono::steady_clock::now());
    return partition;
  }
  that.refused_ = !that.gate_.admit(partition, std::chrono::steady_clock::now());
  return that.refused_ ? partitions : partition;  // the first that does not exist: librdkafka refuses the message
}

/// Some hundred messages to one partition, then the next: full batches, and all partitions in turn.
std::int32_t ProducerTopic::next_without_key(const rd_kafka_topic_t* topic, std::int32_t partitions) {
  constexpr std::uint32_t run = 256;
  const auto count = static_cast<std::uint32_t>(partitions);
  const auto first = without_key_.fetch_add(1, std::memory_order_relaxed) / run % count;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto partition = static_cast<std::int32_t>((first + i) % count);
    if (rd_kafka_topic_partition_available(topic, partition) != 0) return partition;
  }
  return static_cast<std::int32_t>(first);
}

void ProducerTopic::settle(const rd_kafka_message_t& message) {
  if (message.partition < 0) return;  // never got one
  auto& that = *static_cast<ProducerTopic*>(rd_kafka_topic_opaque(message.rkt));
  const auto now = std::chrono::steady_clock::now();
  const bool delivered = message.err == RD_KAFKA_RESP_ERR_NO_ERROR;
  const auto broker = delivered ? rd_kafka_message_broker_id(&message) : PartitionGate::unknown_broker;
  if (broker != PartitionGate::unknown_broker) that.answers_[broker] = now;
  that.gate_.settle(message.partition, delivered, now, broker);
}

bool ProducerTopic::tend(rd_kafka_t& client, std::chrono::steady_clock::time_point now) {
  const auto changes = gate_.tend(now, answers_);
  const auto* name = rd_kafka_topic_name(handle_.get());
  if (!changes.pause.empty()) rd_kafka_pause_partitions(&client, list_of(name, changes.pause).get());
  if (!changes.resume.empty()) rd_kafka_resume_partitions(&client, list_of(name, changes.resume).get());
  return !changes.resume.empty();
}

}  // namespace annals::kafka
