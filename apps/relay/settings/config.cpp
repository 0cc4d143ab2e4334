#include "relay/settings/config.hpp"

namespace annals::relayd {

outbox::RelayOptions relay_options(const Config& config, const std::string& log) {
  auto options = config.relay;
  if (log != "events") options.routes.clear();
  if (log == "events" || log == "changes") options.topics.clear();
  if (log != "changes") {
    options.captures.clear();
  } else {
    options.read_from = outbox::ReadFrom::wal;  // they are nowhere else
  }
  return options;
}

kafka::KafkaSinkOptions sink_options(const Config& config) {
  auto options = config.kafka;
  options.settings.insert_or_assign("bootstrap.servers", config.brokers);
  return options;
}

kafka::KafkaTransactionalSinkOptions transactional_options(const Config& config) {
  auto options = config.transactions;
  options.sink = sink_options(config);
  return options;
}

}  // namespace annals::relayd
