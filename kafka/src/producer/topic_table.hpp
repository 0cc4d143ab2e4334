#pragma once
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "client/client.hpp"
#include "producer/producer_topic.hpp"

namespace annals::kafka {

/// The topics that a producer has used, each known to exist.
///
/// librdkafka accepts messages for a topic it knows nothing about and fails them half a minute later. Asking first turns a
/// wrong name into an answer, and fetches what the first message needs to leave without delay. "Unknown" counts when it
/// lasts for all of wait_max: a broker that was asked a moment after its start, or after the topic's creation, says it too,
/// and stopping for somebody to look costs more than waiting.
///
/// Thread safety  none.
/// Ownership      borrows client and state; must die before the client.
/// Limits         one entry a topic that exists.
class TopicTable {
 public:
  TopicTable(rd_kafka_t& client, ClientState& state, Partitioner partitioner, std::chrono::milliseconds wait_max)
      : client_(client), state_(state), partitioner_(partitioner), wait_max_(wait_max) {}

  /// Throws Error{refused}: no such topic, or not authorised; Error{disconnected}: no answer within wait_max.
  [[nodiscard]] ProducerTopic& get(std::string_view name);
  /// ProducerTopic::tend() of each topic.
  [[nodiscard]] bool tend(std::chrono::steady_clock::time_point now);

 private:
  [[nodiscard]] std::unique_ptr<ProducerTopic> open(const std::string& name);

  rd_kafka_t& client_;
  ClientState& state_;
  Partitioner partitioner_;
  std::chrono::milliseconds wait_max_;
  PartitionGate::Answers answers_;
  std::map<std::string, std::unique_ptr<ProducerTopic>, std::less<>> topics_;
};

}  // namespace annals::kafka
