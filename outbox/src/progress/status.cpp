#include "annals/outbox/status.hpp"

#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"
#include "progress/checkpoint_row.hpp"
#include "wal/wal_slot.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::Params;
using postgres::Result;

namespace {

std::optional<SlotStatus> slot_of(Connection& connection, std::string name) {
  auto slot = find_slot(connection, name);
  if (!slot) return std::nullopt;
  return SlotStatus{.name = std::move(name),
                    .active = slot->active,
                    .wal_status = std::move(slot->wal_status),
                    .retained_bytes = slot->retained_bytes};
}

std::optional<std::chrono::milliseconds> age(const Result& result, int column) {
  if (result.is_null(0, column)) return std::nullopt;
  return std::chrono::milliseconds{result.bigint(0, column)};
}

}  // namespace

OutboxStatus read_outbox_status(Connection& connection, const std::string& schema) {
  const auto row = connection.query(postgres::render(sql::outbox_status, schema));
  return {.last_position = row.bigint(0, 0),
          .rows_estimated = row.bigint(0, 1),
          .size_bytes = row.bigint(0, 2),
          .oldest_unpublished_age = age(row, 3),
          .claims_estimated = row.bigint(0, 4),
          .claims_size_bytes = row.bigint(0, 5)};
}

std::vector<RelayStatus> read_relay_status(Connection& connection, const std::vector<postgres::MessageLog>& logs) {
  std::vector<RelayStatus> relays;
  const auto database = connection.query("SELECT pg_catalog.current_database()::text").text(0, 0);
  for (const auto& log : logs) {
    const auto rows = connection.query(postgres::render(sql::relay_list, log), Params{}.text(log.name).null());
    for (int row = 0; row < rows.rows(); ++row) {
      auto checkpoint = checkpoint_of(rows, row);
      add_lag(connection, log, checkpoint);
      auto& status = checkpoint.status;
      status.owner = find_relay_owner(connection, log, status.relay);
      status.slot = slot_of(connection, wal_slot_name(log, status.relay, database));
      relays.push_back(std::move(status));
    }
  }
  return relays;
}

std::optional<postgres::Owner> find_relay_owner(Connection& connection, const postgres::MessageLog& log,
                                                const std::string& relay) {
  return postgres::find_owner(connection, lock_name_of(log, relay));
}

}  // namespace annals::outbox
