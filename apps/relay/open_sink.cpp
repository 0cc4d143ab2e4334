#include "relay/open_sink.hpp"

#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "relay/json_lines_sink.hpp"

namespace annals::relayd {
namespace {

OpenSink open_kafka(const Config& config) {
  auto sink = std::make_unique<kafka::KafkaSink>(sink_options(config));
  const auto& borrowed = *sink;
  return {std::move(sink), [&borrowed] { return borrowed.connected(); }};
}

}  // namespace

SinkFactory sink_factory(const Config& config, host::LineOutput& output) {
  if (config.sink == SinkKind::kafka) {
    return [config] { return open_kafka(config); };
  }
  return [&output, bytes = config.kafka.queue_bytes_max] {
    // A reader that has gone never comes back: trying again would be for ever.
    if (!output.has_reader()) throw invalid("standard output is closed", "start annals-relay with a reader that stays");
    return OpenSink{std::make_unique<JsonLinesSink>(output, bytes), [&output] { return output.has_reader(); }};
  };
}

}  // namespace annals::relayd
