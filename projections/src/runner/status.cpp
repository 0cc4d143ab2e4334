#include "annals/projections/status.hpp"

#include <algorithm>

#include "annals/core/clock.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_projections_sql.hpp"
#include "runner/checkpoint.hpp"

namespace annals::projections {

using postgres::Connection;
using postgres::Params;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t counted_lag_max = 10'000;
constexpr milliseconds look_again_max{32};

int owner_of(Connection& connection, const std::string& schema, const ProjectionStatus& status) {
  return postgres::find_owner(connection, lock_name_of(schema, status.name, status.version))
      .value_or(postgres::Owner{})
      .pid;
}

ProjectionStatus status_of(const postgres::Result& rows, int row) {
  return {.name = rows.text(row, 0),
          .version = rows.integer(row, 1),
          .position = GlobalPosition{rows.bigint(row, 2)},
          .lag_events = rows.bigint(row, 3),
          .reset_requested = rows.boolean(row, 4),
          .updated_at = rows.timestamptz(row, 5),
          .system_identifier = rows.text(row, 6),
          .event_id = rows.is_null(row, 7) ? std::nullopt : std::optional{rows.uuid(row, 7)},
          .still_for = rows.is_null(row, 8) ? std::nullopt : std::optional{milliseconds{rows.bigint(row, 8)}}};
}

}  // namespace

std::vector<ProjectionStatus> list_projections(Connection& connection, const std::string& schema) {
  const auto rows = connection.query(postgres::render(sql::projection_list, eventstore::message_log(schema)),
                                     Params{}.bigint(counted_lag_max));
  std::vector<ProjectionStatus> list;
  for (int row = 0; row < rows.rows(); ++row) {
    list.push_back(status_of(rows, row));
    list.back().owner_pid = owner_of(connection, schema, list.back());
  }
  return list;
}

bool reset_projection(Connection& connection, const ProjectionKey& key) {
  const auto asked =
      connection.query(postgres::render(sql::request_reset, key.schema), Params{}.text(key.name).integer(key.version));
  if (asked.affected() == 0) return false;
  // An idle runner listens to the doorbell of the events.
  connection.query("SELECT pg_catalog.pg_notify($1::text, '')",
                   Params{}.text(postgres::bell_channel(eventstore::message_log(key.schema).relation)));
  return true;
}

bool reset_projection(Connection& connection, const std::string& schema, const std::string& name, int version) {
  return reset_projection(connection, {.schema = schema, .name = name, .version = version});
}

std::optional<GlobalPosition> projection_position(pqxx::transaction_base& tx, const ProjectionKey& key) {
  const auto rows = postgres::exec_params(tx, postgres::render(sql::checkpoint_peek, key.schema),
                                          postgres::PqxxParams{}.text(key.name).integer(key.version));
  if (rows.empty()) return std::nullopt;
  return GlobalPosition{rows[0][0].as<std::int64_t>()};
}

bool wait_for_projection(Connection& connection, const ProjectionKey& key, GlobalPosition position, milliseconds wait,
                         Clock& clock) {
  const auto sql = postgres::render(sql::checkpoint_peek, key.schema);
  const auto deadline = clock.steady() + wait;
  for (milliseconds pause{1};; pause = std::min(pause * 2, look_again_max)) {
    const auto rows = connection.query(sql, Params{}.text(key.name).integer(key.version));
    if (!rows.empty() && rows.bigint(0, 0) >= position.value() && !rows.boolean(0, 1)) return true;
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock.steady());
    if (left <= milliseconds{0}) return false;
    clock.sleep_for(std::min(pause, left));
  }
}

}  // namespace annals::projections
