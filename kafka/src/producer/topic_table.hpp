#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
  struct Options {
    Partitioner partitioner;
    std::size_t requests_max;  ///< that a connection takes at once
    const Placements& placements;
    std::chrono::milliseconds wait_max;
  };
  TopicTable(rd_kafka_t& client, ClientState& state, const Options& options)
      : client_(client), state_(state), options_(options), shared_(options.requests_max, options.placements) {}

  /// Throws Error{refused}: no such topic, or not authorised; Error{disconnected}: no answer within wait_max.
  [[nodiscard]] ProducerTopic& get(std::string_view name);
  /// The places where something waits and that have been answered since the last call.
  [[nodiscard]] Places take_answered();
  /// All that waits, in no order.
  [[nodiscard]] std::vector<KeptMessage> take_waiting();

 private:
  [[nodiscard]] std::unique_ptr<ProducerTopic> open(const std::string& name);

  rd_kafka_t& client_;
  ClientState& state_;
  Options options_;
  Shared shared_;  // before the topics, which use it
  std::map<std::string, std::unique_ptr<ProducerTopic>, std::less<>> topics_;
};

}  // namespace annals::kafka
