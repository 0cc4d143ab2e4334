#include "cli/doctor/doctor.hpp"

#include "annals/core/error.hpp"
#include "cli/doctor/check.hpp"
#include "cli/failure.hpp"
#include "cli/screen/waiting.hpp"

namespace annals::cli {
namespace {

/// A check that this role may not make is a warning, and does not keep the others from being made.
template <class Group>
void run_group(std::string_view name, Group group, postgres::Connection& connection, Checks& checks) {
  try {
    group(connection, checks);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::disconnected) throw;
    checks.push_back({std::string{name}, Level::warn, error.message(), error.hint()});
  }
}

/// Whether there is a schema to look at, and nobody has locked its tables.
bool look_at_schema(postgres::Connection& connection, Checks& checks) {
  try {
    return check_schema(connection, checks);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::overloaded) throw;
    checks.push_back({"schema", Level::fail, error.message(), error.hint()});
    return false;
  }
}

Checks run_checks(const postgres::Database& database) {
  Checks checks;
  postgres::Connection connection{database};
  const Waiting waiting{"checking"};
  checks.push_back({"connection", Level::ok, describe(database)});
  run_group("server", check_server, connection, checks);
  run_group("sessions", check_sessions, connection,
            checks);  // first: who is named here may be what the others wait for
  const bool usable = look_at_schema(connection, checks);
  run_group("roles", check_roles, connection, checks);
  if (!usable) return checks;
  run_group("log", check_log, connection, checks);
  run_group("relay", check_relays, connection, checks);
  run_group("retention", check_retention, connection, checks);
  run_group("emission", check_emission, connection, checks);
  run_group("projection", check_projections, connection, checks);
  return checks;
}

}  // namespace

host::ExitCode run_doctor(Invocation& invocation) {
  const auto checks = run_checks(invocation.database);
  throw_if_stopped();  // a check that was cut off is no finding
  return report_checks(invocation, checks);
}

}  // namespace annals::cli
