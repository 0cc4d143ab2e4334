#include <fmt/format.h>

#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/projections/status.hpp"
#include "cli/doctor/check.hpp"
#include "cli/screen/age.hpp"

namespace annals::cli {
namespace {

/// A batch takes a moment, and so does whoever holds readers back.
constexpr std::chrono::seconds still_max{60};

Check check_projection(const projections::ProjectionStatus& status, const postgres::ClusterIdentity& cluster,
                       const std::string& schema) {
  const auto name = fmt::format("\"{}\" version {}", printable(status.name), status.version);
  // Empty: its runner has not written a checkpoint yet.
  if (!status.system_identifier.empty() && status.system_identifier != cluster.system_identifier) {
    return {
        "projection", Level::fail,
        fmt::format("{}: its checkpoint belongs to cluster {}, this is {}", name, status.system_identifier,
                    cluster.system_identifier),
        fmt::format("connect to the right database; or, if this one replaces it and has the read model, too: annals "
                    "projection adopt {0} --projection-version {1}{2} --yes; if not, rebuild: annals projection reset "
                    "{0} --projection-version {1}{2} --yes",
                    quote_shell(status.name), status.version, postgres::schema_option(schema))};
  }
  if (status.owner_pid == 0 && (status.lag_events > 0 || status.reset_requested)) {
    return {"projection", Level::warn, fmt::format("{}: nobody runs it; {} events wait", name, status.lag_events),
            "start its runner; or ignore it, if this version has been replaced"};
  }
  if (status.owner_pid != 0 && status.still_for.value_or(std::chrono::milliseconds{0}) > still_max) {
    return {
        "projection", Level::warn,
        fmt::format("{}: {} events wait, and pid {}, which owns it, has not moved it for {}", name, status.lag_events,
                    status.owner_pid, format_age(*status.still_for)),
        fmt::format("see its runner's log: a handler fails or takes long, or readers are held back; if that pid is no "
                    "runner of it, it took the lock, and every runner stands by: SELECT pg_terminate_backend({})",
                    status.owner_pid)};
  }
  return {"projection", Level::ok,
          fmt::format("{}: {} events wait; {}", name, status.lag_events,
                      status.owner_pid == 0 ? "not running" : fmt::format("owner pid {}", status.owner_pid))};
}

}  // namespace

void check_projections(postgres::Connection& connection, Checks& checks) {
  const auto& schema = connection.database().schema;
  const auto projections = projections::list_projections(connection, schema);
  if (projections.empty()) {
    checks.push_back({"projection", Level::ok, "none has run here yet"});
    return;
  }
  const auto cluster = postgres::read_cluster_identity(connection);
  for (const auto& status : projections) checks.push_back(check_projection(status, cluster, schema));
}

}  // namespace annals::cli
