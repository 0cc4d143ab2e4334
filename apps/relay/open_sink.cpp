#include "relay/open_sink.hpp"

#include <atomic>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "relay/json_lines_sink.hpp"

namespace annals::relayd {
namespace {

OpenSink open_kafka(const Config& config) {
  auto sink = std::make_unique<kafka::KafkaSink>(sink_options(config));
  const auto& borrowed = *sink;
  return {.sink = std::move(sink), .connected = [&borrowed] { return borrowed.connected(); }};
}

/// Tells the sinks after it what this one has learnt.
struct Learning {
  Learning(const Config& config, std::shared_ptr<std::atomic<bool>> single_in)
      : single(std::move(single_in)), sink([&] {
          auto options = transactional_options(config);
          options.single_requests = *single;
          return options;
        }()) {}
  ~Learning() {
    if (sink.refused_a_batch()) *single = true;
  }
  Learning(const Learning&) = delete;
  Learning& operator=(const Learning&) = delete;

  std::shared_ptr<std::atomic<bool>> single;
  kafka::KafkaTransactionalSink sink;
};

OpenSink open_transactions(const Config& config, const std::shared_ptr<std::atomic<bool>>& single) {
  const auto learning = std::make_shared<Learning>(config, single);
  auto& borrowed = learning->sink;
  return {.sink = {learning, &borrowed}, .transactional = &borrowed, .connected = [&borrowed] {
            return borrowed.connected();
          }};
}

}  // namespace

SinkFactory sink_factory(const Config& config, host::LineOutput& output) {
  if (config.delivery == Delivery::exactly_once) {
    return [config, single = std::make_shared<std::atomic<bool>>(false)] { return open_transactions(config, single); };
  }
  if (config.sink == SinkKind::kafka) {
    return [config] { return open_kafka(config); };
  }
  return [&output, bytes = config.kafka.queue_bytes_max] {
    // A reader that has gone never comes back: trying again would be for ever.
    if (!output.has_reader()) throw invalid("standard output is closed", "start annals-relay with a reader that stays");
    return OpenSink{.sink = std::make_unique<JsonLinesSink>(output, bytes),
                    .connected = [&output] { return output.has_reader(); }};
  };
}

}  // namespace annals::relayd
