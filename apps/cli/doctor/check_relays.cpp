#include <fmt/format.h>

#include <optional>

#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "cli/doctor/check.hpp"
#include "cli/screen/age.hpp"

namespace annals::cli {
namespace {

constexpr std::chrono::milliseconds lag_age_max{60'000};
constexpr std::int64_t megabyte = 1'000'000;

std::string name_of(const outbox::RelayStatus& relay) {
  return fmt::format("\"{}\" on {}", printable(relay.relay), relay.log);
}

/// Of a log that is in no table the slot says how much of the server's log waits.
std::string waiting(const outbox::RelayStatus& relay) {
  return relay.lag_messages ? fmt::format("{} messages wait", *relay.lag_messages)
                            : std::string{"what waits is in its slot"};
}

std::string repair_command(const outbox::RelayStatus& relay, const std::string& schema) {
  return fmt::format("annals relay repair {} --log {}{}", quote_shell(relay.relay), relay.log,
                     postgres::schema_option(schema));
}

/// Whether a relay that starts goes on from the checkpoint, or halts at once.
std::optional<Check> check_history(const outbox::RelayStatus& relay, const postgres::ClusterIdentity& cluster,
                                   const std::string& schema) {
  if (relay.system_identifier != cluster.system_identifier) {
    return Check{"relay", Level::fail,
                 fmt::format("{}: its checkpoint belongs to cluster {}, this is {}", name_of(relay),
                             relay.system_identifier, cluster.system_identifier),
                 "connect to the right database; or, if this one replaces it: " + repair_command(relay, schema)};
  }
  // Whoever runs it was told to accept the timeline, and records it with the next checkpoint.
  if (relay.timeline == cluster.timeline || relay.owner) return std::nullopt;
  return Check{"relay", Level::fail,
               fmt::format("{}: its checkpoint was written on timeline {}, this is {}; {}", name_of(relay),
                           relay.timeline, cluster.timeline, waiting(relay)),
               fmt::format("the database was failed over or restored, and a relay that starts now halts unless "
                           "relay.accept_timeline is {}; what is missing here, and what can be done: {}",
                           cluster.timeline, repair_command(relay, schema))};
}

Check check_lag(const outbox::RelayStatus& relay) {
  const auto name = name_of(relay);
  if (relay.lag_messages.value_or(0) > 0 && !relay.owner) {
    return {"relay", Level::warn, fmt::format("{}: nobody runs it; {}", name, waiting(relay)), "start annals-relay"};
  }
  if (relay.oldest_age.value_or(std::chrono::milliseconds{0}) > lag_age_max) {
    return {"relay", Level::warn,
            fmt::format("{}: {}, the oldest for {}", name, waiting(relay), format_age(*relay.oldest_age)),
            "see the relay's log: Kafka may be away, or a message may be refused"};
  }
  return {"relay", Level::ok,
          fmt::format("{}: {}; {}", name, waiting(relay),
                      relay.owner ? fmt::format("owner pid {}", relay.owner->pid) : "not running")};
}

/// What a relay that is away costs the server: its disk.
Check check_slot(const outbox::RelayStatus& relay, const outbox::SlotStatus& slot) {
  const auto detail =
      fmt::format("{}: slot {} is {}, {}; the server keeps {} MB of its log for it", name_of(relay), slot.name,
                  slot.active ? "read" : "not read", printable(slot.wal_status), slot.retained_bytes / megabyte);
  if (slot.wal_status == "lost") {
    return {"slot", Level::fail, detail,
            relay.lag_messages
                ? fmt::format(
                      "SELECT pg_drop_replication_slot('{}'): the relay makes a new one, and reads from the table what "
                      "is not published",
                      slot.name)
                : std::string{"the relay halts, and says how to begin anew: what changed meanwhile is in no table"}};
  }
  if (slot.wal_status == "unreserved") {
    return {"slot", Level::warn, detail,
            "it is about to be lost: let the relay catch up, or raise max_slot_wal_keep_size"};
  }
  if (!slot.active && !relay.owner) {
    return {"slot", Level::warn, detail,
            fmt::format("start annals-relay; or, when it is to {}: SELECT pg_drop_replication_slot('{}')",
                        relay.lag_messages ? "read the table" : "capture no more", slot.name)};
  }
  return {"slot", Level::ok, detail};
}

}  // namespace

void check_relays(postgres::Connection& connection, Checks& checks) {
  const auto& schema = connection.database().schema;
  const auto relays = outbox::read_relay_status(
      connection, {outbox::message_log(schema), eventstore::message_log(schema), outbox::change_log(schema)});
  if (relays.empty()) {
    checks.push_back({"relay", Level::ok, "none has published from here yet"});
    return;
  }
  const auto cluster = postgres::read_cluster_identity(connection);
  for (const auto& relay : relays) {
    const auto history = check_history(relay, cluster, schema);
    checks.push_back(history ? *history : check_lag(relay));
    if (relay.slot) checks.push_back(check_slot(relay, *relay.slot));
  }
}

}  // namespace annals::cli
