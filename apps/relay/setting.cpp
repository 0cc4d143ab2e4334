#include "relay/setting.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/database.hpp"
#include "host/settings/value_text.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;

std::string show_database(const Config& config) {
  if (config.database.uri.empty()) return "";
  return postgres::describe({.conninfo = config.database.uri});
}

void set_sources(Config& config, const std::string& text) {
  std::vector<outbox::RelayTable> sources;
  for (const auto& name : host::split(text, ',')) {
    const auto table = outbox::parse_relay_table(name);
    if (!table)
      throw invalid(fmt::format("\"{}\" is not a source", printable(name)), "use \"outbox\", \"events\" or both");
    if (std::find(sources.begin(), sources.end(), *table) != sources.end()) {
      throw invalid(fmt::format("\"{}\" is there twice", name), "name each source once");
    }
    sources.push_back(*table);
  }
  if (sources.empty()) throw invalid("no source is named", "use \"outbox\", \"events\" or both");
  config.relay.sources = sources;
}

std::string show_sources(const Config& config) {
  std::vector<std::string_view> names;
  for (const auto table : config.relay.sources) names.push_back(outbox::to_string(table));
  return fmt::format("{}", fmt::join(names, ","));
}

template <std::size_t Config::Relay::*member, std::size_t low, std::size_t high>
void set_size(Config& config, const std::string& text) {
  config.relay.*member = static_cast<std::size_t>(host::parse_integer(text, low, high));
}

template <milliseconds Config::Limits::*member, int low, int high>
void set_limit(Config& config, const std::string& text) {
  config.limits.*member = milliseconds{host::parse_integer(text, low, high)};
}

// clang-format off
constexpr std::array settings{
  Setting{"database.uri", "ANNALS_DATABASE", "--database", ValueKind::text,
          "libpq URI or keywords; PG* variables fill in what it leaves out",
          [](Config& c, const std::string& v) { c.database.uri = v; }, show_database},
  Setting{"database.uri_file", "ANNALS_DATABASE_FILE", "", ValueKind::text, "file that holds the URI",
          [](Config& c, const std::string& v) { c.database.uri_file = v; },
          [](const Config& c) { return c.database.uri_file; }},
  Setting{"database.schema", "ANNALS_RELAY_SCHEMA", "--schema", ValueKind::text, "schema of Annals' tables",
          [](Config& c, const std::string& v) { require_identifier("schema", v); c.database.schema = v; },
          [](const Config& c) { return c.database.schema; }},
  Setting{"relay.name", "ANNALS_RELAY_NAME", "--name", ValueKind::text,
          "name of checkpoint and lock; relays of one name take turns",
          [](Config& c, const std::string& v) { require_text("the name", v, 64); c.relay.name = v; },
          [](const Config& c) { return c.relay.name; }},
  Setting{"relay.sink", "ANNALS_RELAY_SINK", "--sink", ValueKind::text, "kafka or stdout",
          [](Config& c, const std::string& v) {
            c.relay.sink = host::choose(v, "kafka", "stdout") ? SinkKind::kafka : SinkKind::standard_output; },
          [](const Config& c) { return std::string{c.relay.sink == SinkKind::kafka ? "kafka" : "stdout"}; }},
  Setting{"relay.sources", "ANNALS_RELAY_SOURCES", "--sources", ValueKind::list, "outbox, events or both",
          set_sources, show_sources},
  Setting{"relay.unrouted", "ANNALS_RELAY_UNROUTED", "", ValueKind::text, "events without a route: halt or skip",
          [](Config& c, const std::string& v) {
            c.relay.unrouted = host::choose(v, "halt", "skip") ? outbox::Unrouted::halt : outbox::Unrouted::skip; },
          [](const Config& c) { return std::string{c.relay.unrouted == outbox::Unrouted::halt ? "halt" : "skip"}; }},
  Setting{"relay.checkpoint_interval_ms", "ANNALS_RELAY_CHECKPOINT_INTERVAL_MS", "", ValueKind::integer,
          "at most this much is published again after a crash",
          [](Config& c, const std::string& v) {
            c.relay.checkpoint_interval = milliseconds{host::parse_integer(v, 10, 60'000)}; },
          [](const Config& c) { return std::to_string(c.relay.checkpoint_interval.count()); }},
  Setting{"relay.standby_poll_ms", "ANNALS_RELAY_STANDBY_POLL_MS", "", ValueKind::integer,
          "how often a standby asks for the lock",
          [](Config& c, const std::string& v) { c.relay.standby_poll = milliseconds{host::parse_integer(v, 10, 60'000)}; },
          [](const Config& c) { return std::to_string(c.relay.standby_poll.count()); }},
  Setting{"relay.batch_rows", "ANNALS_RELAY_BATCH_ROWS", "", ValueKind::integer, "rows a read",
          set_size<&Config::Relay::batch_rows, 1, 1'000'000>,
          [](const Config& c) { return std::to_string(c.relay.batch_rows); }},
  Setting{"relay.batch_bytes", "ANNALS_RELAY_BATCH_BYTES", "", ValueKind::integer, "bytes a read",
          set_size<&Config::Relay::batch_bytes, 65'536, 1U << 30U>,
          [](const Config& c) { return std::to_string(c.relay.batch_bytes); }},
  Setting{"relay.in_flight", "ANNALS_RELAY_IN_FLIGHT", "", ValueKind::integer, "messages sent and not yet confirmed",
          set_size<&Config::Relay::in_flight, 1, 10'000'000>,
          [](const Config& c) { return std::to_string(c.relay.in_flight); }},
  Setting{"relay.queue_bytes", "ANNALS_RELAY_QUEUE_BYTES", "", ValueKind::integer, "bytes that a sink queues",
          set_size<&Config::Relay::queue_bytes, 65'536, 1U << 30U>,
          [](const Config& c) { return std::to_string(c.relay.queue_bytes); }},
  Setting{"kafka.brokers", "ANNALS_KAFKA", "--brokers", ValueKind::text, "host:port, comma-separated",
          [](Config& c, const std::string& v) { c.kafka.brokers = v; },
          [](const Config& c) { return c.kafka.brokers; }},
  Setting{"kafka.source", "ANNALS_RELAY_KAFKA_SOURCE", "", ValueKind::text, "ce_source: names the service",
          [](Config& c, const std::string& v) { require_text("the source", v, 512); c.kafka.source = v; },
          [](const Config& c) { return c.kafka.source; }},
  Setting{"kafka.settings_file", "ANNALS_RELAY_KAFKA_SETTINGS_FILE", "", ValueKind::text,
          "file of librdkafka settings, name=value a line, for secrets",
          [](Config& c, const std::string& v) { c.kafka.settings_file = v; },
          [](const Config& c) { return c.kafka.settings_file; }},
  Setting{"http.listen", "ANNALS_RELAY_LISTEN", "--listen", ValueKind::text,
          "address:port of probes and metrics, or off",
          [](Config& c, const std::string& v) { c.http.listen = host::parse_listen(v); },
          [](const Config& c) { return c.http.listen ? host::to_string(*c.http.listen) : std::string{"off"}; }},
  Setting{"http.allow_remote", "ANNALS_RELAY_ALLOW_REMOTE", "", ValueKind::boolean,
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
  Setting{"limits.drain_timeout_ms", "ANNALS_RELAY_DRAIN_TIMEOUT_MS", "", ValueKind::integer,
          "longest wait for confirmations when stopping",
          set_limit<&Config::Limits::drain_timeout, 0, 600'000>,
          [](const Config& c) { return std::to_string(c.limits.drain_timeout.count()); }},
  Setting{"limits.stall_ms", "ANNALS_RELAY_STALL_MS", "", ValueKind::integer,
          "a source without a step for so long fails /livez",
          set_limit<&Config::Limits::stall, 1'000, 3'600'000>,
          [](const Config& c) { return std::to_string(c.limits.stall.count()); }},
  Setting{"limits.retry_max_ms", "ANNALS_RELAY_RETRY_MAX_MS", "", ValueKind::integer,
          "longest wait between two attempts to reach database and sink",
          set_limit<&Config::Limits::retry_max, 50, 600'000>,
          [](const Config& c) { return std::to_string(c.limits.retry_max.count()); }},
};
// clang-format on

}  // namespace

std::span<const Setting> all_settings() { return settings; }

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
