#include "cli/doctor/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "cli/doctor/check.hpp"
#include "cli/failure.hpp"
#include "cli/screen/waiting.hpp"
#include "host/text/shown.hpp"
#include "host/text/terminal.hpp"

namespace annals::cli {
namespace {

std::string_view to_string(Level level) { return level == Level::ok ? "ok" : level == Level::warn ? "warn" : "fail"; }

std::string painted(Level level) {
  const auto style = host::Style::for_stream(stdout);
  const auto text = fmt::format("{:<4}", to_string(level));
  return level == Level::ok ? style.green(text) : level == Level::warn ? style.yellow(text) : style.red(text);
}

/// Not a table: a remedy must never be cut.
void print_lines(Output& output, const Checks& checks) {
  std::size_t width = 0;
  for (const auto& check : checks) width = std::max(width, check.name.size());
  for (const auto& check : checks) {
    output.write(fmt::format("{}  {:<{}}  {}\n", painted(check.level), check.name, width, host::shown(check.detail)));
    if (!check.remedy.empty()) output.write(fmt::format("{:>{}}  -> {}\n", "", width + 6, host::shown(check.remedy)));
  }
  output.flush();
}

void print_report(Invocation& invocation, const Checks& checks) {
  Report report{invocation.output, invocation.format, {{"check"}, {"status"}, {"detail"}, {"remedy"}}};
  for (const auto& check : checks) {
    report.add({cell(check.name), cell(to_string(check.level)), cell(check.detail),
                check.remedy.empty() ? no_value() : cell(check.remedy)});
  }
  report.finish();
}

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
  run_group("projection", check_projections, connection, checks);
  return checks;
}

}  // namespace

host::ExitCode run_doctor(Invocation& invocation) {
  const auto checks = run_checks(invocation.database);
  throw_if_stopped();  // a check that was cut off is no finding
  invocation.format == Format::table ? print_lines(invocation.output, checks) : print_report(invocation, checks);
  const bool failed = std::any_of(checks.begin(), checks.end(), [](const auto& c) { return c.level == Level::fail; });
  return failed ? host::ExitCode::check_failed : host::ExitCode::ok;
}

}  // namespace annals::cli
