#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals/projections/status.hpp"
#include "annals_projections_sql.hpp"
#include "runner/checkpoint.hpp"
#include "runner/remedy.hpp"

namespace annals::projections {

using postgres::Connection;
using postgres::Params;
using postgres::render;

namespace {

std::string label_of(const ProjectionKey& key) {
  return fmt::format("projection \"{}\" version {}", key.name, key.version);
}

std::int64_t log_end(Connection& connection, const std::string& schema) {
  return connection.query(render(sql::log_end, eventstore::message_log(schema))).bigint(0, 0);
}

std::int64_t named_position(Connection& connection, const ProjectionKey& key, std::int64_t position) {
  const auto end = log_end(connection, key.schema);
  if (position >= 0 && position <= end) return position;
  throw invalid(
      fmt::format("position {} of {} is outside the log, which ends at {}", position, label_of(key), end),
      fmt::format("name a position from 0 to {}, up to which the read model holds the events, and no further", end));
}

/// The recorded position, when the log at hand holds the very event that the checkpoint stands on.
std::int64_t recorded_position(Connection& connection, const ProjectionKey& key, const postgres::Result& row) {
  const auto position = row.bigint(0, 0);
  if (position == 0) return 0;
  const auto event =
      connection.query(render(sql::event_at, eventstore::message_log(key.schema)), Params{}.bigint(position));
  if (!event.empty() && event.uuid(0, 0) == row.uuid(0, 3)) return position;
  const auto end = log_end(connection, key.schema);
  const auto what = position > end  ? fmt::format("beyond the log, which ends at {}", end)
                    : event.empty() ? std::string{"where this log holds no event"}
                                    : fmt::format("where this log holds event {}", event.uuid(0, 0).to_string());
  throw invalid(fmt::format("{} stands on event {} at position {}, {}: its read model holds what this log does not",
                            label_of(key), row.uuid(0, 3).to_string(), position, what),
                rebuild_or_place(key));
}

bool adopt(Connection& connection, const Adoption& adoption) {
  const auto& key = adoption.projection;
  postgres::Ownership lock{connection, lock_name_of(key.schema, key.name, key.version)};
  postgres::require_no_owner(connection, lock, lock_name_of(key.schema, key.name, key.version), label_of(key));
  if (adoption.position)
    (void)named_position(connection, key, *adoption.position);  // within the log before it is settled
  // What is committed later at or below the position the runner would never look at again.
  if (adoption.position != 0) {
    const auto log = postgres::log_table(eventstore::message_log(key.schema));
    (void)postgres::settled_end(connection, log, adoption.settle_timeout);
  }
  postgres::Transaction transaction{connection};
  const auto row =
      connection.query(render(sql::checkpoint_lock, key.schema), Params{}.text(key.name).integer(key.version));
  if (row.empty()) return false;
  const auto position =
      adoption.position ? named_position(connection, key, *adoption.position) : recorded_position(connection, key, row);
  connection.query(render(sql::checkpoint_adopt, eventstore::message_log(key.schema)),
                   Params{}
                       .text(key.name)
                       .integer(key.version)
                       .bigint(position)
                       .text(postgres::read_cluster_identity(connection).system_identifier));
  transaction.commit();
  return true;
}

}  // namespace

std::optional<ProjectionStatus> adopt_projection(Connection& connection, const Adoption& adoption) {
  if (!adopt(connection, adoption)) return std::nullopt;
  for (auto& status : list_projections(connection, adoption.projection.schema)) {
    if (status.name == adoption.projection.name && status.version == adoption.projection.version) {
      return std::move(status);
    }
  }
  return std::nullopt;
}

}  // namespace annals::projections
