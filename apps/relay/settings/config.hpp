#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "annals/kafka/sink.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "annals/outbox/relay.hpp"
#include "host/http/listen.hpp"
#include "host/text/log.hpp"
#include "relay/own/own_outbox.hpp"
#include "relay/registry/registry_options.hpp"
#include "relay/tracing/tracing_options.hpp"

namespace annals::relayd {

enum class SinkKind { kafka, standard_output };
enum class Delivery { at_least_once, exactly_once };

/// Everything that annals-relay can be told. What the libraries take is here as they take it, under their names and with
/// their defaults. setting.cpp names each member for file, environment and
/// flags; relay.example.toml explains them.
struct Config {
  struct Database {
    std::string name;      ///< of a [[database]]; empty: it is the only one, and has none
    std::string uri;       ///< secret: may hold a password
    std::string uri_file;  ///< a file that holds the uri
    std::string schema = "annals";
  } database;

  SinkKind sink = SinkKind::kafka;
  Delivery delivery = Delivery::at_least_once;
  std::vector<std::string> sources{"outbox"};  ///< names of logs
  std::vector<OwnOutbox> own_outboxes;         ///< further logs, each called as its table
  bool maintain = true;                        ///< partitions of the outbox, as its retention says
  /// The processes of one relay.
  struct Group {
    std::size_t shards = 1;                  ///< of a relay that is new; else the database knows
    std::chrono::milliseconds lease{5'000};  ///< how long an owner that is cut off or frozen keeps what it owns
  } group;
  outbox::RelayOptions relay;                         ///< of every source; see relay_options()
  kafka::KafkaSinkOptions kafka;                      ///< see sink_options()
  kafka::KafkaTransactionalSinkOptions transactions;  ///< without its sink: see transactional_options()
  std::string brokers;
  std::string kafka_settings_file;  ///< name=value lines, added to kafka.settings
  RegistryOptions registry;         ///< of the schemas that encodings frame with

  TracingOptions tracing;

  struct Http {
    std::optional<host::Listen> listen{host::Listen{}};  ///< nothing: off
    bool allow_remote = false;
  } http;

  host::LogOptions log;

  struct Limits {
    std::chrono::milliseconds drain_timeout{10'000};
    std::chrono::milliseconds stall{60'000};      ///< no step for so long: not alive
    std::chrono::milliseconds retry_max{10'000};  ///< ceiling of the wait before a new attempt
    /// How long a database may lack the schema, the role or its rights: a deployment brings them within minutes, a
    /// mistyped name never.
    std::chrono::milliseconds not_ready_max{300'000};
  } limits;
};

/// The options of one source.
[[nodiscard]] outbox::RelayOptions relay_options(const Config& config, const std::string& log);
/// kafka, with the brokers among its settings.
[[nodiscard]] kafka::KafkaSinkOptions sink_options(const Config& config);
/// transactions, with that sink.
[[nodiscard]] kafka::KafkaTransactionalSinkOptions transactional_options(const Config& config);

}  // namespace annals::relayd
