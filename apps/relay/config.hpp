#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "annals/outbox/relay.hpp"
#include "host/http/listen.hpp"
#include "host/text/log.hpp"

namespace annals::relayd {

enum class SinkKind { kafka, standard_output };

/// Everything that annals-relay can be told, with its defaults. setting.cpp names each member for file, environment and
/// flags; relay.example.toml explains them.
struct Config {
  struct Database {
    std::string uri;       ///< secret: may hold a password
    std::string uri_file;  ///< a file that holds the uri
    std::string schema = "annals";
  } database;

  struct Relay {
    std::string name = "relay";
    SinkKind sink = SinkKind::kafka;
    std::vector<outbox::RelayTable> sources{outbox::RelayTable::outbox};
    outbox::Unrouted unrouted = outbox::Unrouted::halt;
    std::chrono::milliseconds checkpoint_interval{500};
    std::chrono::milliseconds standby_poll{500};
    // The memory of the process is about 17 MB plus, for each source, its batches and what is in flight: a message
    // costs librdkafka about 1 KB beyond its payload. Measured with 3 million messages of 200 bytes to publish: 33 MB
    // with 10,000 in flight, 51 MB with 50,000, one source each. Two sources were not measured; about 50 MB by the same
    // account.
    std::size_t batch_rows = 10'000;
    std::size_t batch_bytes = 2U << 20U;
    std::size_t in_flight = 10'000;
    std::size_t queue_bytes = 8U << 20U;
  } relay;

  std::vector<outbox::Route> routes;

  struct Kafka {
    std::string brokers;
    std::string source = "/annals";
    std::string settings_file;  ///< name=value lines, added to settings
    std::map<std::string, std::string> settings;
  } kafka;

  struct Http {
    std::optional<host::Listen> listen{host::Listen{}};  ///< nothing: off
    bool allow_remote = false;
  } http;

  host::LogOptions log;

  struct Limits {
    std::chrono::milliseconds drain_timeout{10'000};
    std::chrono::milliseconds stall{60'000};      ///< no step for so long: not alive
    std::chrono::milliseconds retry_max{10'000};  ///< ceiling of the wait before a new attempt
  } limits;
};

[[nodiscard]] outbox::RelayOptions relay_options(const Config& config, outbox::RelayTable table);
/// What librdkafka is given: kafka.settings and the brokers.
[[nodiscard]] std::map<std::string, std::string> kafka_settings(const Config& config);

}  // namespace annals::relayd
