#include "config.hpp"

#include <fmt/format.h>

namespace annals::relayd {

bool Listen::is_loopback() const { return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0; }

std::string to_string(const Listen& listen) {
  const bool ipv6 = listen.host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", listen.host, listen.port) : fmt::format("{}:{}", listen.host, listen.port);
}

outbox::RelayOptions relay_options(const Config& config, const std::string& log) {
  outbox::RelayOptions options;
  options.name = config.relay.name;
  if (log == "events") options.routes = config.routes;
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
