#include "producer/producer_settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace annals::kafka {
namespace {

const std::string batch_messages{"batch.num.messages"};
const std::string batch_bytes{"batch.size"};
const std::string message_bytes{"message.max.bytes"};
const std::string requests_setting{"max.in.flight.requests.per.connection"};

std::size_t number_of(const std::string& text) noexcept { return std::strtoul(text.c_str(), nullptr, 0); }

std::size_t number_of(const Settings& settings, const std::string& name) {
  const auto chosen = settings.find(name);
  return number_of(chosen == settings.end() ? producer_defaults().at(name) : chosen->second);
}

}  // namespace

/// linger.ms=0: librdkafka gathers by itself what arrives while requests are on their way. Measured with a broker on the same
/// machine at 100 messages a second, from send to receive: 0.8 ms median with 0, 2.1 ms with 1, 6.1 ms with 5; under load
/// the throughput of the three did not differ by more than the measurement did.
///
/// Three requests on their way for a broker: where more partitions than that have something to send, the next request waits in
/// librdkafka and grows, and nothing has to wait here (PartitionGate). Five are sooner and carry more with many partitions and
/// a slow network, and less with four partitions nearby (bench/RESULTS.md).
///
/// A broker that freezes keeps its connection. A request to it is given up after ten seconds and made again, and that another broker leads by
/// then (broker.session.timeout.ms, 9 s) is asked for every five: librdkafka's own 60 and 300 s wait for as long as it is frozen.
const Settings& producer_defaults() {
  static const Settings defaults{
      {"acks", "all"},
      {batch_messages, "100000"},
      {batch_bytes, "1000000"},
      {"enable.gapless.guarantee", "true"},
      {"enable.idempotence", "true"},
      {"linger.ms", "0"},
      {requests_setting, "3"},
      {message_bytes, "1000000"},
      {"message.timeout.ms", "0"},
      {"partitioner", "murmur2_random"},
      {"socket.nagle.disable", "true"},
      {"socket.timeout.ms", std::to_string(request_timeout.count())},
      {"sticky.partitioning.linger.ms", "0"},  // ProducerTopic does it
      {"topic.metadata.refresh.interval.ms", "5000"},
  };
  return defaults;
}

RequestLimits request_limits(const Settings& settings) {
  return {.messages = number_of(settings, batch_messages),
          .bytes = std::min(number_of(settings, batch_bytes), number_of(settings, message_bytes))};
}

std::size_t requests_max(const Settings& settings) {
  const auto alias = settings.find("max.in.flight");
  const bool by_alias = alias != settings.end() && !settings.contains(requests_setting);
  return by_alias ? number_of(alias->second) : number_of(settings, requests_setting);
}

std::size_t message_bytes_max(const Settings& settings) { return number_of(settings, message_bytes); }

Partitioner partitioner_of(const Settings& settings) {
  const auto chosen = settings.find("partitioner");
  return partitioner_named(chosen == settings.end() ? producer_defaults().at("partitioner") : chosen->second);
}

}  // namespace annals::kafka
