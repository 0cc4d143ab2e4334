#include "producer/producer_topic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "annals/core/assert.hpp"
#include "producer/ticket.hpp"

namespace annals::kafka {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// A batch costs librdkafka's main thread two errands: not for a few messages, while others are on their way.
constexpr std::size_t worth_a_batch = 16;

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

ProducerTopic::ProducerTopic(rd_kafka_t& client, const std::string& name, Partitioner partitioner, Shared& shared)
    : partitioner_(partitioner), shared_(shared), gate_(shared.load) {
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
  that.partitions_ = partitions;
  const bool sends = that.sender_.load() == std::this_thread::get_id();
  if (sends && that.target_ && *that.target_ < partitions) {
    that.gate_.force(*that.target_);
    return *that.target_;
  }
  const auto late = sends ? Placement{} : that.shared_.placements.find(from_opaque(message_opaque));
  const auto& placement = sends && that.placement_ != nullptr ? *that.placement_ : late;
  const auto partition = that.place(*topic, {key, key_size}, placement, partitions);
  if (partition >= partitions) return partitions;  // a number that the topic does not have: refused
  if (!sends || that.target_) {                    // too late to wait
    that.gate_.force(partition);
    return partition;
  }
  if (that.waiting(partition).empty() && that.gate_.admit(partition, SteadyClock::now())) return partition;
  that.refused_ = partition;
  return partitions;  // the first that does not exist: librdkafka refuses the message
}

/// At or above `partitions` when a number names one that is not there.
std::int32_t ProducerTopic::place(const rd_kafka_topic_t& topic, const Key& key, const Placement& placement,
                                  std::int32_t partitions) {
  const auto hash = [&](const void* data, std::size_t size) {
    return partitioner_(&topic, data, size, partitions, nullptr, nullptr);
  };
  switch (placement.by) {
    case Placement::By::number: return placement.number;
    case Placement::By::hash: return static_cast<std::int32_t>(placement.hash % static_cast<std::uint64_t>(partitions));
    case Placement::By::text: return hash(placement.text.data(), placement.text.size());
    case Placement::By::key: break;
  }
  return key.data == nullptr ? next_without_key(&topic, partitions) : hash(key.data, key.size);
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

std::optional<std::int32_t> ProducerTopic::has_to_wait(std::string_view key, const Placement& placement) {
  const auto partitions = partitions_.load();
  if (partitions == 0) return std::nullopt;
  const auto partition = place(*handle_, {key.data(), key.size()}, placement, partitions);
  if (partition >= partitions) return std::nullopt;
  const bool free = waiting(partition).empty() && gate_.room(partition, SteadyClock::now()).single > 0;
  return free ? std::nullopt : std::optional{partition};
}

void ProducerTopic::settle(const rd_kafka_message_t& message) {
  if (message.partition < 0) return;  // never got one
  auto& that = *static_cast<ProducerTopic*>(rd_kafka_topic_opaque(message.rkt));
  const bool delivered = message.err == RD_KAFKA_RESP_ERR_NO_ERROR;
  that.gate_.settle(message.partition, delivered, SteadyClock::now(),
                    delivered ? rd_kafka_message_broker_id(&message) : BrokerLoad::unknown);
  if (!that.waiting(message.partition).empty()) that.list(message.partition);
}

void ProducerTopic::hold(std::int32_t partition, KeptMessage message) {
  waiting(partition).push_back(std::move(message));
  departed(partition);
}

ProducerTopic::Departure ProducerTopic::departure(std::int32_t partition, const RequestLimits& limits) {
  const auto room = gate_.room(partition, SteadyClock::now());
  const auto count = waiting(partition).size();
  const auto in_batch = std::min(count, limits.messages);
  if (room.batch && in_batch > room.single && (gate_.in_flight(partition) == 0 || in_batch >= worth_a_batch)) {
    return {.count = in_batch, .batch = true};
  }
  return {.count = std::min(count, room.single)};
}

void ProducerTopic::departed(std::int32_t partition) {
  if (!waiting(partition).empty() && gate_.in_flight(partition) == 0) list(partition);
}

KeptMessage ProducerTopic::take_front(std::deque<KeptMessage>& waiting) {
  auto message = std::move(waiting.front());
  waiting.pop_front();
  message.topic = rd_kafka_topic_name(handle_.get());
  return message;
}

void ProducerTopic::give_back(std::vector<KeptMessage>& messages) {
  for (auto& place : waiting_) {
    while (!place.messages.empty()) messages.push_back(take_front(place.messages));
  }
}

ProducerTopic::Waiting& ProducerTopic::at(std::int32_t partition) {
  ANNALS_ASSERT(partition >= 0);
  const auto index = static_cast<std::size_t>(partition);
  if (index >= waiting_.size()) waiting_.resize(index + 1);
  return waiting_[index];
}

void ProducerTopic::list(std::int32_t partition) {
  auto& place = at(partition);
  if (place.listed) return;
  place.listed = true;
  shared_.answered.push_back({this, partition});
}

}  // namespace annals::kafka
