#include "relay/config.hpp"

#include <fmt/format.h>

namespace annals::relayd {

outbox::RelayOptions relay_options(const Config& config, outbox::RelayTable table) {
  outbox::RelayOptions options;
  options.name = config.relay.name;
  options.table = table;
  if (table == outbox::RelayTable::events) options.routes = config.routes;
  options.unrouted = config.relay.unrouted;
  options.batch_rows_max = config.relay.batch_rows;
  options.batch_bytes_max = config.relay.batch_bytes;
  options.in_flight_max = config.relay.in_flight;
  options.checkpoint_interval = config.relay.checkpoint_interval;
  options.standby_poll = config.relay.standby_poll;
  return options;
}

std::map<std::string, std::string> kafka_settings(const Config& config) {
  auto settings = config.kafka.settings;
  settings.insert_or_assign("bootstrap.servers", config.kafka.brokers);
  return settings;
}

}  // namespace annals::relayd
