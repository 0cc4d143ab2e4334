#include <fmt/format.h>

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

Check check_relay(const outbox::RelayStatus& relay, const postgres::ClusterIdentity& cluster) {
  const auto name = fmt::format("\"{}\" on {}", printable(relay.relay), relay.log);
  if (relay.system_identifier != cluster.system_identifier) {
    return {
        "relay", Level::fail,
        fmt::format("{}: its checkpoint belongs to cluster {}, this is {}", name, relay.system_identifier,
                    cluster.system_identifier),
        fmt::format("connect to the right database; or, if this one replaces it: annals relay adopt {} --log {} --yes",
                    quote_shell(relay.relay), relay.log)};
  }
  if (relay.lag_messages > 0 && !relay.owner) {
    return {"relay", Level::warn, fmt::format("{}: nobody runs it; {} messages wait", name, relay.lag_messages),
            "start annals-relay"};
  }
  if (relay.oldest_age.value_or(std::chrono::milliseconds{0}) > lag_age_max) {
    return {
        "relay", Level::warn,
        fmt::format("{}: {} messages wait, the oldest for {}", name, relay.lag_messages, format_age(*relay.oldest_age)),
        "see the relay's log: Kafka may be away, or a message may be refused"};
  }
  if (relay.timeline != cluster.timeline) {
    return {"relay", Level::warn,
            fmt::format("{}: its checkpoint was written on timeline {}, this is {}", name, relay.timeline,
                        cluster.timeline),
            "the database was failed over or restored, and a relay that starts now halts: find out whether what was "
            "published last is missing here, then adopt the checkpoint"};
  }
  return {"relay", Level::ok,
          fmt::format("{}: {} messages wait; {}", name, relay.lag_messages,
                      relay.owner ? fmt::format("owner pid {}", relay.owner->pid) : "not running")};
}

}  // namespace

void check_relays(postgres::Connection& connection, Checks& checks) {
  const auto relays = outbox::read_relay_status(connection, {outbox::message_log(connection.database().schema),
                                                             eventstore::message_log(connection.database().schema)});
  if (relays.empty()) {
    checks.push_back({"relay", Level::ok, "none has published from here yet"});
    return;
  }
  const auto cluster = postgres::read_cluster_identity(connection);
  for (const auto& relay : relays) checks.push_back(check_relay(relay, cluster));
}

}  // namespace annals::cli
