#include "relay/settings/setting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <type_traits>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/database.hpp"
#include "host/settings/value_text.hpp"
#include "relay/settings/claim_rules.hpp"
#include "relay/settings/registry_section.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;

std::string show_database(const Config& config) {
  if (config.database.uri.empty()) return "";
  try {
    return postgres::describe({.conninfo = config.database.uri});
  } catch (const Error&) {
    return "***";  // what is not understood may be a password anywhere
  }
}

void set_sources(Config& config, const std::string& text) {
  std::vector<std::string> sources;
  for (const auto& name : host::split(text, ',')) {
    if (std::find(sources.begin(), sources.end(), name) != sources.end()) {
      throw invalid(fmt::format("\"{}\" is there twice", name), "name each source once");
    }
    sources.push_back(name);
  }
  if (sources.empty()) {
    throw invalid("no source is named", "name \"outbox\", \"events\", \"changes\" or a table of [[own_outbox]]");
  }
  config.sources = sources;
}

void set_read_from(Config& config, const std::string& text) {
  host::require_one_of(text, {"table", "wal", "auto"});
  config.relay.read_from = text == "table" ? outbox::ReadFrom::table
                           : text == "wal" ? outbox::ReadFrom::wal
                                           : outbox::ReadFrom::automatic;
}

std::string show_read_from(outbox::ReadFrom from) {
  switch (from) {
    case outbox::ReadFrom::table: return "table";
    case outbox::ReadFrom::wal: return "wal";
    case outbox::ReadFrom::automatic: break;
  }
  return "auto";
}

std::string show_sources(const Config& config) { return fmt::format("{}", fmt::join(config.sources, ",")); }

void set_start(Config& config, const std::string& text) {
  if (text.empty()) {
    config.relay.start.reset();
  } else if (text == "beginning") {
    config.relay.start = outbox::Start{};
  } else if (text == "end") {
    config.relay.start = outbox::Start{.at = outbox::Start::At::end};
  } else {
    config.relay.start =
        outbox::Start{.at = outbox::Start::At::position,
                      .position = host::parse_integer(text, 0, std::numeric_limits<std::int64_t>::max())};
  }
}

std::string show_start(const Config& config) {
  if (!config.relay.start) return "";
  switch (config.relay.start->at) {
    case outbox::Start::At::beginning: return "beginning";
    case outbox::Start::At::end: return "end";
    case outbox::Start::At::position: break;
  }
  return std::to_string(config.relay.start->position);
}

/// "category=topic", comma-separated. A category that has a comma in it can only be given in the file.
void set_routes(Config& config, const std::string& text) {
  std::vector<outbox::Route> routes;
  for (const auto& item : host::split(text, ',')) {
    const auto equals = item.rfind('=');
    if (equals == std::string::npos || equals == 0) {
      throw invalid(fmt::format("\"{}\" is not category=topic", printable(item)),
                    "such as order=shop.orders,*=shop.events");
    }
    add_route(routes, {item.substr(0, equals), item.substr(equals + 1)});
  }
  config.relay.routes = std::move(routes);
}

std::string show_routes(const Config& config) {
  std::string text;
  for (const auto& [category, topic] : config.relay.routes) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", category, topic);
  }
  return text;
}

/// "topic=value", or "topic=value" and more behind a mark.
struct TopicItem {
  std::string topic;
  std::string value;
  std::optional<std::string> more = std::nullopt;
};

TopicItem parse_topic_item(const std::string& item, char mark, std::string_view form, const std::string& hint) {
  const auto equals = item.rfind('=');
  if (equals == std::string::npos || equals == 0) {
    throw invalid(fmt::format("\"{}\" is not topic={}", printable(item), form), hint);
  }
  const auto at = item.find(mark, equals);
  if (at == std::string::npos) return {.topic = item.substr(0, equals), .value = item.substr(equals + 1)};
  return {
      .topic = item.substr(0, equals), .value = item.substr(equals + 1, at - equals - 1), .more = item.substr(at + 1)};
}

/// "topic=messages" or "topic=messages/bytes", comma-separated.
outbox::RateLimit parse_rate_limit(const std::string& item) {
  const auto parts =
      parse_topic_item(item, '/', "messages/bytes", "such as *=5000,shop.orders=100/1048576; 0 is no limit");
  constexpr std::int64_t most = 1'000'000'000'000;
  const auto number = [](const std::string& text) { return static_cast<double>(host::parse_integer(text, 0, most)); };
  outbox::RateLimit limit{.topic = parts.topic, .messages_per_second = number(parts.value)};
  if (parts.more) limit.bytes_per_second = number(*parts.more);
  if (limit.topic != "*") outbox::require_topic(limit.topic);
  return limit;
}

void set_rate_limits(Config& config, const std::string& text) {
  std::vector<outbox::RateLimit> limits;
  for (const auto& item : host::split(text, ',')) {
    auto limit = parse_rate_limit(item);
    const bool twice = std::ranges::find(limits, limit.topic, &outbox::RateLimit::topic) != limits.end();
    if (twice) throw invalid(fmt::format("two limits for topic {}", limit.topic), "keep one of them");
    limits.push_back(std::move(limit));
  }
  config.relay.rate_limits = std::move(limits);
}

std::string show_rate_limits(const Config& config) {
  std::string text;
  for (const auto& limit : config.relay.rate_limits) {
    text += fmt::format("{}{}={:.0f}/{:.0f}", text.empty() ? "" : ",", limit.topic, limit.messages_per_second,
                        limit.bytes_per_second);
  }
  return text;
}

/// "topic=policy" or "topic=dead-letter:topic", comma-separated.
outbox::PoisonRule parse_poison_rule(const std::string& item) {
  const auto parts = parse_topic_item(item, ':', "policy", "such as *=halt,shop.*=park,audit=dead-letter:audit.dead");
  const auto& policy = parts.value;
  outbox::PoisonRule rule{.topics = parts.topic};
  if (policy == "park") {
    rule.policy = outbox::PoisonPolicy::park;
  } else if (policy == "dead-letter") {
    rule.policy = outbox::PoisonPolicy::dead_letter;
  } else if (policy != "halt") {
    throw invalid(fmt::format("\"{}\" is no policy", printable(policy)),
                  "use halt, park, dead-letter or dead-letter:TOPIC");
  }
  if (parts.more) rule.dead_letter_topic = *parts.more;
  return rule;
}

void set_on_poison(Config& config, const std::string& text) {
  std::vector<outbox::PoisonRule> rules;
  for (const auto& item : host::split(text, ',')) rules.push_back(parse_poison_rule(item));
  outbox::require_valid(rules);
  config.relay.on_poison = std::move(rules);
}

std::string show_on_poison(const Config& config) {
  std::string text;
  for (const auto& rule : config.relay.on_poison) {
    using enum outbox::PoisonPolicy;
    text += fmt::format("{}{}={}{}{}", text.empty() ? "" : ",", rule.topics,
                        rule.policy == halt   ? "halt"
                        : rule.policy == park ? "park"
                                              : "dead-letter",
                        rule.dead_letter_topic.empty() ? "" : ":", rule.dead_letter_topic);
  }
  return text;
}

/// Added to those of the file, which they override.
void set_kafka_settings(Config& config, const std::string& text) {
  for (const auto& item : host::split(text, ',')) {
    const auto equals = item.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw invalid("an item is not name=value", "such as compression.type=lz4,linger.ms=0; secrets belong in a file");
    }
    config.kafka.settings.insert_or_assign(item.substr(0, equals), item.substr(equals + 1));
  }
}

std::string show_kafka_settings(const Config& config) {
  return config.kafka.settings.empty() ? "" : fmt::format("{} settings, below", config.kafka.settings.size());
}

/// A number of a section of the configuration: milliseconds, or a size.
template <auto section, auto member, std::int64_t low, std::int64_t high>
void set_number(Config& config, const std::string& text) {
  auto& target = config.*section.*member;
  target = std::remove_reference_t<decltype(target)>(host::parse_integer(text, low, high));
}

template <auto section, auto member>
std::string show_number(const Config& config) {
  const auto& value = config.*section.*member;
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, milliseconds>) {
    return std::to_string(value.count());
  } else {
    return std::to_string(value);
  }
}

template <auto section, auto member, std::int64_t low, std::int64_t high>
constexpr Setting number(std::string_view key, std::string_view env, std::string_view flag, std::string_view help) {
  return {
      key, env, flag, ValueKind::integer, help, set_number<section, member, low, high>, show_number<section, member>};
}

using kafka::KafkaSinkOptions;
using kafka::KafkaTransactionalSinkOptions;
using outbox::RelayOptions;

// clang-format off
constexpr std::array settings{
  Setting{"database.uri", "ANNALS_DATABASE", "--database", ValueKind::text,
          "libpq URI or keywords; PG* variables fill in what it leaves out",
          [](Config& c, const std::string& v) { c.database.uri = v; }, show_database},
  Setting{"database.uri_file", "ANNALS_DATABASE_FILE", "--database-file", ValueKind::text, "file that holds the URI",
          [](Config& c, const std::string& v) { c.database.uri_file = v; },
          [](const Config& c) { return c.database.uri_file; }},
  Setting{"database.schema", "ANNALS_SCHEMA", "--schema", ValueKind::text, "schema of Annals' tables",
          [](Config& c, const std::string& v) { require_identifier("schema", v); c.database.schema = v; },
          [](const Config& c) { return c.database.schema; }},
  Setting{"relay.name", "ANNALS_RELAY_NAME", "--name", ValueKind::text,
          "name of checkpoint and lock; relays of one name take turns",
          [](Config& c, const std::string& v) { require_text("the name", v, 64); c.relay.name = v; },
          [](const Config& c) { return c.relay.name; }},
  Setting{"relay.start", "ANNALS_RELAY_START", "--start", ValueKind::text,
          "where a name without checkpoint starts beside others: beginning, end or a position", set_start, show_start},
  Setting{"relay.topics", "ANNALS_RELAY_TOPICS", "--topics", ValueKind::list,
          "topics that outbox messages may go to, each exact or with * at its end; empty: all",
          [](Config& c, const std::string& v) { c.relay.topics = host::split(v, ','); },
          [](const Config& c) { return fmt::format("{}", fmt::join(c.relay.topics, ",")); }},
  Setting{"relay.accept_timeline", "ANNALS_RELAY_ACCEPT_TIMELINE", "--accept-timeline", ValueKind::text,
          "go on after a fail-over to this timeline; what was published last may be missing or come again",
          [](Config& c, const std::string& v) { c.relay.accept_timeline = v; },
          [](const Config& c) { return c.relay.accept_timeline; }},
  Setting{"relay.sink", "ANNALS_RELAY_SINK", "--sink", ValueKind::text, "kafka or stdout",
          [](Config& c, const std::string& v) {
            c.sink = host::choose(v, "kafka", "stdout") ? SinkKind::kafka : SinkKind::standard_output; },
          [](const Config& c) { return std::string{c.sink == SinkKind::kafka ? "kafka" : "stdout"}; }},
  Setting{"relay.delivery", "ANNALS_RELAY_DELIVERY", "--delivery", ValueKind::text, "at-least-once or exactly-once",
          [](Config& c, const std::string& v) {
            c.delivery = host::choose(v, "exactly-once", "at-least-once") ? Delivery::exactly_once
                                                                          : Delivery::at_least_once; },
          [](const Config& c) {
            return std::string{c.delivery == Delivery::exactly_once ? "exactly-once" : "at-least-once"}; }},
  Setting{"relay.source", "ANNALS_RELAY_SOURCE", "--source", ValueKind::text,
          "where outbox and events are read: table; wal, the write-ahead log; or auto, the log when it can and the table when not",
          set_read_from, [](const Config& c) { return show_read_from(c.relay.read_from); }},
  Setting{"relay.sources", "ANNALS_RELAY_SOURCES", "--sources", ValueKind::list,
          "what is published: outbox, events, changes (of tables that [[capture]] names), and names of [[own_outbox]]",
          set_sources, show_sources},
  Setting{"relay.maintain", "ANNALS_RELAY_MAINTAIN", "--maintain", ValueKind::boolean,
          "attach and drop partitions of the outbox, as `annals outbox retain` says",
          [](Config& c, const std::string& v) { c.maintain = host::choose(v, "true", "false"); },
          [](const Config& c) { return std::string{c.maintain ? "true" : "false"}; }},
  Setting{"relay.routes", "ANNALS_RELAY_ROUTES", "--route", ValueKind::list,
          "category=topic, of events; * is any other category; in the file [[route]]", set_routes, show_routes},
  Setting{"relay.unrouted", "ANNALS_RELAY_UNROUTED", "--unrouted", ValueKind::text,
          "events without a route: halt or skip",
          [](Config& c, const std::string& v) {
            c.relay.unrouted =
                host::choose(v, "halt", "skip") ? outbox::Unrouted::halt : outbox::Unrouted::skip; },
          [](const Config& c) { return std::string{c.relay.unrouted == outbox::Unrouted::halt ? "halt" : "skip"}; }},
  Setting{"relay.rate_limits", "ANNALS_RELAY_RATE_LIMITS", "--rate-limits", ValueKind::list,
          "topic=messages/bytes, a second, 0: no limit; * is all topics together; read again at SIGHUP",
          set_rate_limits, show_rate_limits},
  Setting{"relay.on_poison", "ANNALS_RELAY_ON_POISON", "--on-poison", ValueKind::list,
          "topic=halt, park, dead-letter or dead-letter:TOPIC, at a message that can never be delivered; * is all others",
          set_on_poison, show_on_poison},
  Setting{"relay.claim_check", "ANNALS_RELAY_CLAIM_CHECK", "--claim-check", ValueKind::list,
          "topic, topic=bytes or topic=off: the payload of a larger record stays in the database, and a reference leaves",
          [](Config& c, const std::string& v) { c.relay.claim_checks = parse_claim_rules(v); },
          [](const Config& c) { return to_string(c.relay.claim_checks); }},
  number<&Config::relay, &RelayOptions::parked_keys_max, 1, 1'000'000>(
      "relay.parked_keys_max", "ANNALS_RELAY_PARKED_KEYS_MAX", "--parked-keys-max",
      "no more keys than this wait behind a parked message: at the next one the relay halts"),
  number<&Config::relay, &RelayOptions::checkpoint_interval, 10, 60'000>(
      "relay.checkpoint_interval_ms", "ANNALS_RELAY_CHECKPOINT_INTERVAL_MS", "--checkpoint-interval-ms",
      "at most this much is published again after a crash; exactly once: how long a transaction grows"),
  number<&Config::group, &Config::Group::shards, 1, 64>(
      "relay.shards", "ANNALS_RELAY_SHARDS", "--shards", "into how many shards a new relay divides a log"),
  number<&Config::group, &Config::Group::lease, 1'000, 3'600'000>(
      "relay.lease_ms", "ANNALS_RELAY_LEASE_MS", "--lease-ms", "how long an owner that is cut off keeps what it owns"),
  number<&Config::relay, &RelayOptions::standby_poll, 10, 60'000>(
      "relay.standby_poll_ms", "ANNALS_RELAY_STANDBY_POLL_MS", "--standby-poll-ms",
      "how often a standby asks for the lock"),
  number<&Config::relay, &RelayOptions::batch_rows_max, 1, 1'000'000>(
      "relay.batch_rows_max", "ANNALS_RELAY_BATCH_ROWS_MAX", "--batch-rows-max", "rows a read"),
  number<&Config::relay, &RelayOptions::batch_bytes_max, 65'536, 1 << 30>(
      "relay.batch_bytes_max", "ANNALS_RELAY_BATCH_BYTES_MAX", "--batch-bytes-max", "bytes a read"),
  number<&Config::relay, &RelayOptions::mine_from_bytes, 65'536, 1LL << 40>(
      "relay.mine_from_bytes", "ANNALS_RELAY_MINE_FROM_BYTES", "--mine-from-bytes",
      "source wal: so much of the write-ahead log is mined in batches, and not streamed"),
  number<&Config::relay, &RelayOptions::mine_batch_bytes, 65'536, 1LL << 40>(
      "relay.mine_batch_bytes", "ANNALS_RELAY_MINE_BATCH_BYTES", "--mine-batch-bytes",
      "source wal: of the write-ahead log, in such a batch"),
  number<&Config::relay, &RelayOptions::in_flight_max, 1, 10'000'000>(
      "relay.in_flight_max", "ANNALS_RELAY_IN_FLIGHT_MAX", "--in-flight-max", "messages sent and not yet confirmed"),
  Setting{"kafka.brokers", "ANNALS_KAFKA", "--brokers", ValueKind::text, "host:port, comma-separated",
          [](Config& c, const std::string& v) { c.brokers = v; },
          [](const Config& c) { return c.brokers; }},
  Setting{"kafka.source", "ANNALS_RELAY_KAFKA_SOURCE", "--kafka-source", ValueKind::text,
          "ce_source: names the service",
          [](Config& c, const std::string& v) { require_text("the source", v, 512); c.kafka.source = v; },
          [](const Config& c) { return c.kafka.source; }},
  Setting{"kafka.checkpoint_topic", "ANNALS_RELAY_KAFKA_CHECKPOINT_TOPIC", "--kafka-checkpoint-topic", ValueKind::text,
          "exactly once: the compacted topic of the checkpoints",
          [](Config& c, const std::string& v) { outbox::require_topic(v); c.transactions.checkpoint_topic = v; },
          [](const Config& c) { return c.transactions.checkpoint_topic; }},
  number<&Config::transactions, &KafkaTransactionalSinkOptions::transaction_timeout, 1'000, 900'000>(
      "kafka.transaction_timeout_ms", "ANNALS_RELAY_KAFKA_TRANSACTION_TIMEOUT_MS", "--kafka-transaction-timeout-ms",
      "exactly once: the broker aborts a transaction that is open for so long"),
  Setting{"kafka.settings", "ANNALS_RELAY_KAFKA_SETTINGS", "--kafka-setting", ValueKind::list,
          "name=value of librdkafka; in the file [kafka.settings]", set_kafka_settings, show_kafka_settings},
  Setting{"kafka.settings_file", "ANNALS_RELAY_KAFKA_SETTINGS_FILE", "--kafka-settings-file", ValueKind::text,
          "file of librdkafka settings, name=value a line, for secrets",
          [](Config& c, const std::string& v) { c.kafka_settings_file = v; },
          [](const Config& c) { return c.kafka_settings_file; }},
  number<&Config::kafka, &KafkaSinkOptions::topic_wait_max, 100, 60'000>(
      "kafka.topic_wait_max_ms", "ANNALS_RELAY_KAFKA_TOPIC_WAIT_MAX_MS", "--kafka-topic-wait-max-ms",
      "longest wait for what the broker knows of a new topic"),
  number<&Config::kafka, &KafkaSinkOptions::close_timeout, 0, 60'000>(
      "kafka.close_timeout_ms", "ANNALS_RELAY_KAFKA_CLOSE_TIMEOUT_MS", "--kafka-close-timeout-ms",
      "longest wait when a sink is given up"),
  number<&Config::kafka, &KafkaSinkOptions::queue_messages_max, 1, 10'000'000>(
      "kafka.queue_messages_max", "ANNALS_RELAY_KAFKA_QUEUE_MESSAGES_MAX", "--kafka-queue-messages-max",
      "messages that a sink queues"),
  number<&Config::kafka, &KafkaSinkOptions::queue_bytes_max, 65'536, 1 << 30>(
      "kafka.queue_bytes_max", "ANNALS_RELAY_KAFKA_QUEUE_BYTES_MAX", "--kafka-queue-bytes-max",
      "bytes that a sink queues"),
  Setting{"registry.urls", "ANNALS_RELAY_REGISTRY_URLS", "--registry-urls", ValueKind::list,
          "addresses of the schema registry's API, with its path; asked in turn",
          [](Config& c, const std::string& v) { c.registry.urls = parse_http_urls(v); },
          [](const Config& c) { return fmt::format("{}", fmt::join(c.registry.urls, ",")); }},
  Setting{"registry.ca_file", "ANNALS_RELAY_REGISTRY_CA_FILE", "--registry-ca-file", ValueKind::text,
          "certificates (PEM) that the registry's is checked against, in place of the system's",
          [](Config& c, const std::string& v) { c.registry.ca_file = v; },
          [](const Config& c) { return c.registry.ca_file; }},
  Setting{"registry.certificate_file", "ANNALS_RELAY_REGISTRY_CERTIFICATE_FILE", "--registry-certificate-file",
          ValueKind::text, "certificate (PEM) by which the registry knows the relay",
          [](Config& c, const std::string& v) { c.registry.certificate_file = v; },
          [](const Config& c) { return c.registry.certificate_file; }},
  Setting{"registry.key_file", "ANNALS_RELAY_REGISTRY_KEY_FILE", "--registry-key-file", ValueKind::text,
          "key of that certificate; others may not read it",
          [](Config& c, const std::string& v) { c.registry.key_file = v; },
          [](const Config& c) { return c.registry.key_file; }},
  Setting{"registry.auth_file", "ANNALS_RELAY_REGISTRY_AUTH_FILE", "--registry-auth-file", ValueKind::text,
          "file that holds user:password for the registry; others may not read it",
          [](Config& c, const std::string& v) { c.registry.auth_file = v; },
          [](const Config& c) { return c.registry.auth_file; }},
  Setting{"registry.schemas", "ANNALS_RELAY_REGISTRY_SCHEMAS", "--registry-schemas", ValueKind::text,
          "latest of the subject; file: of schema_folder; register: the same, made known to the registry",
          [](Config& c, const std::string& v) { c.registry.schemas = parse_schema_choice(v); },
          [](const Config& c) { return std::string{to_string(c.registry.schemas)}; }},
  Setting{"registry.schema_folder", "ANNALS_RELAY_REGISTRY_SCHEMA_FOLDER", "--registry-schema-folder", ValueKind::text,
          "TYPE.proto, TYPE.json and TYPE.avsc",
          [](Config& c, const std::string& v) { c.registry.schema_folder = v; },
          [](const Config& c) { return c.registry.schema_folder; }},
  number<&Config::registry, &RegistryOptions::timeout, 50, 60'000>(
      "registry.timeout_ms", "ANNALS_RELAY_REGISTRY_TIMEOUT_MS", "--registry-timeout-ms", "longest wait for one answer of the registry"),
  number<&Config::registry, &RegistryOptions::wait_max, 100, 600'000>(
      "registry.wait_max_ms", "ANNALS_RELAY_REGISTRY_WAIT_MAX_MS", "--registry-wait-max-ms",
      "a registry without an answer for so long counts as away"),
  number<&Config::registry, &RegistryOptions::fresh_for, 100, 86'400'000>(
      "registry.fresh_for_ms", "ANNALS_RELAY_REGISTRY_FRESH_FOR_MS", "--registry-fresh-for-ms", "how old the latest version may be"),
  number<&Config::registry, &RegistryOptions::cache_entries_max, 1, 1'000'000>(
      "registry.cache_entries_max", "ANNALS_RELAY_REGISTRY_CACHE_ENTRIES_MAX", "--registry-cache-entries-max",
      "schemas that are remembered"),
  Setting{"tracing.endpoint", "ANNALS_RELAY_TRACING_ENDPOINT", "--tracing-endpoint", ValueKind::text,
          "address of a collector (OTLP over HTTP), without /v1/traces; empty: no spans",
          [](Config& c, const std::string& v) { c.tracing.endpoint = v.empty() ? v : parse_http_url(v); },
          [](const Config& c) { return c.tracing.endpoint; }},
  Setting{"tracing.ca_file", "ANNALS_RELAY_TRACING_CA_FILE", "--tracing-ca-file", ValueKind::text,
          "certificates (PEM) that the collector's is checked against, in place of the system's",
          [](Config& c, const std::string& v) { c.tracing.ca_file = v; },
          [](const Config& c) { return c.tracing.ca_file; }},
  Setting{"tracing.service_name", "ANNALS_RELAY_TRACING_SERVICE_NAME", "--tracing-service-name", ValueKind::text,
          "service.name of the spans",
          [](Config& c, const std::string& v) { require_text("the name", v, 255); c.tracing.service_name = v; },
          [](const Config& c) { return c.tracing.service_name; }},
  number<&Config::tracing, &TracingOptions::sample_percent, 0, 100>(
      "tracing.sample_percent", "ANNALS_RELAY_TRACING_SAMPLE_PERCENT", "--tracing-sample-percent",
      "of the traces that are sampled where they begin"),
  number<&Config::tracing, &TracingOptions::queue_spans_max, 1, 1'000'000>(
      "tracing.queue_spans_max", "ANNALS_RELAY_TRACING_QUEUE_SPANS_MAX", "--tracing-queue-spans-max",
      "spans that wait; more are dropped"),
  number<&Config::tracing, &TracingOptions::batch_spans_max, 1, 100'000>(
      "tracing.batch_spans_max", "ANNALS_RELAY_TRACING_BATCH_SPANS_MAX", "--tracing-batch-spans-max",
      "spans of one export"),
  number<&Config::tracing, &TracingOptions::interval, 10, 60'000>(
      "tracing.interval_ms", "ANNALS_RELAY_TRACING_INTERVAL_MS", "--tracing-interval-ms",
      "a batch that is not full leaves after so long"),
  number<&Config::tracing, &TracingOptions::timeout, 50, 60'000>(
      "tracing.timeout_ms", "ANNALS_RELAY_TRACING_TIMEOUT_MS", "--tracing-timeout-ms", "longest wait for the collector"),
  Setting{"http.listen", "ANNALS_RELAY_LISTEN", "--listen", ValueKind::text,
          "address:port of probes and metrics, or off",
          [](Config& c, const std::string& v) { c.http.listen = host::parse_listen(v); },
          [](const Config& c) { return c.http.listen ? host::to_string(*c.http.listen) : std::string{"off"}; }},
  Setting{"http.allow_remote", "ANNALS_RELAY_ALLOW_REMOTE", "--allow-remote", ValueKind::boolean,
          "listen on another address than loopback",
          [](Config& c, const std::string& v) { c.http.allow_remote = host::choose(v, "true", "false"); },
          [](const Config& c) { return std::string{c.http.allow_remote ? "true" : "false"}; }},
  Setting{"log.level", "ANNALS_RELAY_LOG_LEVEL", "--log-level", ValueKind::text, "debug, info, warn, error or off",
          [](Config& c, const std::string& v) {
            host::require_one_of(v, {"debug", "info", "warn", "error", "off"});
            c.log.level = v; },
          [](const Config& c) { return c.log.level; }},
  Setting{"log.format", "ANNALS_RELAY_LOG_FORMAT", "--log-format", ValueKind::text, "text or json",
          [](Config& c, const std::string& v) {
            c.log.format = host::choose(v, "text", "json") ? host::LogFormat::text : host::LogFormat::json; },
          [](const Config& c) { return std::string{c.log.format == host::LogFormat::text ? "text" : "json"}; }},
  number<&Config::limits, &Config::Limits::drain_timeout, 0, 600'000>(
      "limits.drain_timeout_ms", "ANNALS_RELAY_DRAIN_TIMEOUT_MS", "--drain-timeout-ms",
      "longest wait for confirmations when stopping"),
  number<&Config::limits, &Config::Limits::stall, 1'000, 3'600'000>(
      "limits.stall_ms", "ANNALS_RELAY_STALL_MS", "--stall-ms", "a source without a step for so long fails /livez"),
  number<&Config::limits, &Config::Limits::retry_max, 50, 600'000>(
      "limits.retry_max_ms", "ANNALS_RELAY_RETRY_MAX_MS", "--retry-max-ms", "longest wait between two attempts"),
  number<&Config::limits, &Config::Limits::not_ready_max, 0, 86'400'000>(
      "limits.not_ready_max_ms", "ANNALS_RELAY_NOT_READY_MAX_MS", "--not-ready-max-ms",
      "longest wait for a database that is not prepared"),
};
// clang-format on

}  // namespace

void add_route(std::vector<outbox::Route>& routes, outbox::Route route) {
  try {
    outbox::require_topic(route.topic);
  } catch (const Error& error) {
    throw invalid(fmt::format("route.topic: {}", error.message()), error.hint());
  }
  const bool twice = std::any_of(routes.begin(), routes.end(),
                                 [&](const outbox::Route& other) { return other.category == route.category; });
  if (twice)
    throw invalid(fmt::format("two routes for category \"{}\"", printable(route.category)), "keep one of them");
  routes.push_back(std::move(route));
}

std::span<const Setting> all_settings() { return settings; }

bool is_of_the_program(std::string_view section) noexcept {
  return section == "http" || section == "log" || section == "tracing";
}

const Setting* find_setting(std::string_view key) {
  const auto* found = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.key == key; });
  return found == settings.end() ? nullptr : found;
}

std::string_view to_string(ValueKind kind) noexcept {
  switch (kind) {
    case ValueKind::text: return "a string";
    case ValueKind::integer: return "an integer";
    case ValueKind::boolean: return "true or false";
    case ValueKind::list: return "a list of strings";
  }
  return "";
}

}  // namespace annals::relayd
