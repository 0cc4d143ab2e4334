#include <fmt/format.h>

#include <algorithm>

#include "admission/shard_plan.hpp"
#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"
#include "progress/checkpoint_row.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;

namespace {

std::int64_t position_to_adopt(Connection& connection, const MessageLog& log, const Adoption& adoption) {
  const auto recorded = find_checkpoint(connection, log, adoption.relay);
  if (!recorded && !adoption.position) {
    throw invalid(fmt::format("relay \"{}\" has no checkpoint on {}", printable(adoption.relay), log.name),
                  "name the position to start after; 0 publishes everything");
  }
  const auto position = adoption.position ? *adoption.position : recorded->status.position;
  const auto end = connection.query(postgres::render(sql::log_end, log)).bigint(0, 0);
  if (position >= 0 && position <= end) return position;
  throw invalid(fmt::format("position {} of relay \"{}\" is outside the log, which ends at {}", position,
                            printable(adoption.relay), end),
                fmt::format("name a position from 0 to {}: everything after it is published (again)", end));
}

void require_idle(const RelayStatus& relay, const std::string& schema) {
  if (relay.slot) {
    throw invalid(fmt::format("relay \"{}\" on {} has slot {}", printable(relay.relay), relay.log, relay.slot->name),
                  fmt::format("drop it first: SELECT pg_drop_replication_slot('{}')", relay.slot->name));
  }
  if (relay.parked + relay.dead_letters > 0) {
    throw invalid(fmt::format("{} messages that relay \"{}\" set aside on {} wait for a decision",
                              relay.parked + relay.dead_letters, printable(relay.relay), relay.log),
                  fmt::format("decide about them first: annals outbox parked list {} --log {}{}",
                              quote_shell(relay.relay), quote_shell(relay.log), postgres::schema_option(schema)));
  }
}

}  // namespace

void forget_checkpoint(Connection& connection, const MessageLog& log, const std::string& relay) {
  postgres::Ownership lock{connection, lock_name_of(log, relay)};
  require_no_owner(connection, log, relay, lock);
  const auto all = read_relay_status(connection, {log});
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& status) { return status.relay == relay; });
  if (found == all.end()) {
    throw invalid(fmt::format("relay \"{}\" has no checkpoint on {}", printable(relay), log.name),
                  "see `annals relay status` for the names there are");
  }
  require_idle(*found, log.schema);
  connection.query(postgres::render(sql::checkpoint_forget, log), Params{}.text(relay).text(log.name));
}

RelayStatus adopt_checkpoint(Connection& connection, const MessageLog& log, const Adoption& adoption) {
  if (log.relation.empty()) {
    throw invalid(
        fmt::format("the {} are in no table, and no position says where in the write-ahead log one stands", log.name),
        fmt::format("go on where the slot is, or begin anew: `{}`, with its slot dropped",
                    forget_command(adoption.relay, name_of(log))));
  }
  postgres::Ownership lock{connection, lock_name_of(log, adoption.relay)};
  require_no_owner(connection, log, adoption.relay, lock);
  require_current(connection, log, adoption.relay);
  const auto position = position_to_adopt(connection, log, adoption);
  // What is committed later at or below the position no relay would ever publish.
  if (position > 0) (void)postgres::settled_end(connection, postgres::log_table(log), adoption.settle_timeout);
  const auto cluster = postgres::read_cluster_identity(connection);
  connection.query(postgres::render(sql::checkpoint_adopt, log), Params{}
                                                                     .text(adoption.relay)
                                                                     .text(log.name)
                                                                     .bigint(position)
                                                                     .text(cluster.system_identifier)
                                                                     .text(cluster.timeline));
  auto adopted = find_checkpoint(connection, log, adoption.relay);
  if (!adopted) {
    throw Error{ErrorKind::failed,
                fmt::format("the checkpoint of relay \"{}\" on {} was not kept", printable(adoption.relay), log.name),
                {.hint = "a trigger or a rule that somebody put on relay_checkpoints swallows rows: remove it"}};
  }
  add_lag(connection, log, *adopted);
  return std::move(adopted->status);
}

}  // namespace annals::outbox
