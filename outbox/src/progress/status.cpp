#include "annals/outbox/status.hpp"

#include <fmt/format.h>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/relay_table.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::Params;
using postgres::Result;

namespace {

std::optional<std::chrono::milliseconds> age(const Result& result, int column) {
  if (result.is_null(0, column)) return std::nullopt;
  return std::chrono::milliseconds{result.bigint(0, column)};
}

std::optional<RelayOwner> find_owner(Connection& connection, const std::string& schema, RelayTable table,
                                     const std::string& relay) {
  const auto owner = postgres::find_owner(connection, lock_name_of(schema, table, relay));
  if (!owner) return std::nullopt;
  return RelayOwner{
      .pid = owner->pid, .application_name = owner->application_name, .client_address = owner->client_address};
}

RelayStatus checkpoint_of(const Result& rows, int row) {
  RelayStatus status;
  status.relay = rows.text(row, 0);
  const auto table = parse_relay_table(rows.bytes(row, 1));
  ANNALS_ASSERT(table.has_value());  // a CHECK holds it up
  status.table = *table;
  status.position = rows.bigint(row, 2);
  if (!rows.is_null(row, 3)) status.message_id = rows.uuid(row, 3);
  status.system_identifier = rows.text(row, 4);
  status.timeline = rows.text(row, 5);
  status.updated_at = rows.timestamptz(row, 6);
  return status;
}

void add_lag(Connection& connection, const std::string& schema, RelayStatus& status) {
  const auto row = connection.query(render_for(sql::relay_lag, status.table, schema), Params{}.bigint(status.position));
  status.lag_messages = row.bigint(0, 0);
  status.oldest_age = age(row, 1);
}

std::vector<RelayStatus> list_checkpoints(Connection& connection, const std::string& schema) {
  const auto rows = connection.query(postgres::render(sql::relay_list, schema));
  std::vector<RelayStatus> relays;
  for (int row = 0; row < rows.rows(); ++row) relays.push_back(checkpoint_of(rows, row));
  return relays;
}

std::optional<RelayStatus> find_checkpoint(Connection& connection, const std::string& schema, const Adoption& wanted) {
  for (auto& relay : list_checkpoints(connection, schema)) {
    if (relay.relay == wanted.relay && relay.table == wanted.table) return std::move(relay);
  }
  return std::nullopt;
}

std::int64_t position_to_adopt(Connection& connection, const std::string& schema, const Adoption& adoption) {
  const auto recorded = find_checkpoint(connection, schema, adoption);
  if (!recorded && !adoption.position) {
    throw invalid(fmt::format("relay \"{}\" has no checkpoint on {}", adoption.relay, to_string(adoption.table)),
                  "name the position to start after; 0 publishes everything");
  }
  const auto position = adoption.position ? *adoption.position : recorded->position;
  const auto end = connection.query(render_for(sql::log_end, adoption.table, schema)).bigint(0, 0);
  if (position >= 0 && position <= end) return position;
  throw invalid(
      fmt::format("position {} of relay \"{}\" is outside the log, which ends at {}", position, adoption.relay, end),
      fmt::format("name a position from 0 to {}: everything after it is published (again)", end));
}

void require_no_owner(Connection& connection, const std::string& schema, const Adoption& adoption,
                      postgres::Ownership& lock) {
  if (lock.try_acquire()) return;
  const auto owner = find_owner(connection, schema, adoption.table, adoption.relay).value_or(RelayOwner{});
  throw Error{
      ErrorKind::overloaded,
      fmt::format("relay \"{}\" is running: backend {} (application \"{}\", client {})", adoption.relay, owner.pid,
                  owner.application_name, owner.client_address.empty() ? "local" : owner.client_address),
      {.hint = "stop it first", .sqlstate = {}}};
}

}  // namespace

OutboxStatus read_outbox_status(Connection& connection, const std::string& schema) {
  const auto row = connection.query(postgres::render(sql::outbox_status, schema));
  return {.last_position = row.bigint(0, 0),
          .rows_estimated = row.bigint(0, 1),
          .size_bytes = row.bigint(0, 2),
          .oldest_unpublished_age = age(row, 3)};
}

std::vector<RelayStatus> read_relay_status(Connection& connection, const std::string& schema) {
  auto relays = list_checkpoints(connection, schema);
  for (auto& relay : relays) {
    add_lag(connection, schema, relay);
    relay.owner = find_owner(connection, schema, relay.table, relay.relay);
  }
  return relays;
}

RelayStatus adopt_checkpoint(Connection& connection, const std::string& schema, const Adoption& adoption) {
  postgres::Ownership lock{connection, lock_name_of(schema, adoption.table, adoption.relay)};
  require_no_owner(connection, schema, adoption, lock);
  const auto position = position_to_adopt(connection, schema, adoption);
  const auto cluster = postgres::read_cluster_identity(connection);
  connection.query(render_for(sql::checkpoint_adopt, adoption.table, schema), Params{}
                                                                                  .text(adoption.relay)
                                                                                  .text(to_string(adoption.table))
                                                                                  .bigint(position)
                                                                                  .text(cluster.system_identifier)
                                                                                  .text(cluster.timeline));
  auto adopted = find_checkpoint(connection, schema, adoption);
  ANNALS_ASSERT(adopted.has_value());
  add_lag(connection, schema, *adopted);
  return *adopted;
}

}  // namespace annals::outbox
