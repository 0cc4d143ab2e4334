#include "cli/commands/schema.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "cli/commands/schema_sets.hpp"
#include "cli/failure.hpp"

namespace annals::cli {
namespace {

postgres::Migrator migrator(const postgres::Database& database) { return {database, schema_sets()}; }

std::string sql_or_all_roles(const postgres::Database& database, const PrintSql& options) {
  if (!options.roles) return migrator(database).script();
  auto names = options.role_names;
  if (!names.writer && !names.relay && !names.projector && !names.reader) {
    names = {"annals_writer", "annals_relay", "annals_projector", "annals_reader"};
  }
  return grants(names, database.schema);
}

}  // namespace

host::ExitCode apply_schema(Invocation& invocation, const SchemaApply& options) {
  const auto steps = postgres::Migrator{invocation.database, schema_sets(), {.owner_role = options.owner}}.apply();
  Report report{invocation.output, invocation.format, {{"module"}, {"step", Align::right}, {"name"}}};
  for (const auto& step : steps) report.add({cell(step.module), cell(std::int64_t{step.number}), cell(step.name)});
  report.finish();
  if (steps.empty()) fmt::print(stderr, "schema \"{}\" is up to date\n", invocation.database.schema);
  return host::ExitCode::ok;
}

host::ExitCode validate_schema(Invocation& invocation) {
  try {
    migrator(invocation.database).validate();
  } catch (const Error& error) {
    const bool differs = error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::invalid ||
                         (error.kind() == ErrorKind::not_ready && error.sqlstate().empty());
    if (!differs) throw;
    throw Failure{host::ExitCode::check_failed, error.message(), error.hint()};
  }
  print_object(invocation.output, invocation.format, {{"schema"}, {"valid"}},
               {cell(invocation.database.schema), cell(true)});
  return host::ExitCode::ok;
}

host::ExitCode print_schema_sql(Invocation& invocation, const PrintSql& options) {
  invocation.output.write(sql_or_all_roles(invocation.database, options));
  invocation.output.flush();
  return host::ExitCode::ok;
}

}  // namespace annals::cli
