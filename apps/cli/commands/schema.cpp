#include "cli/commands/schema.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "cli/commands/schema_sets.hpp"
#include "cli/failure.hpp"
#include "cli/screen/waiting.hpp"

namespace annals::cli {
namespace {

postgres::Migrator migrator(const postgres::Database& database, postgres::Migrator::Options options = {}) {
  return {database, schema_sets(), std::move(options)};
}

auto apply_steps(const postgres::Database& database, const ApplySchema& options) {
  const Waiting waiting{"applying the schema"};
  try {
    return migrator(database, {.owner_role = options.owner}).apply();
  } catch (const Error& error) {
    const auto failure = to_failure(error);
    if (failure.code() != host::ExitCode::interrupted) throw;
    throw Failure{failure.code(), "interrupted; steps before the one that was under way may have been applied",
                  "repeat the command: it goes on behind them"};
  }
}

}  // namespace

host::ExitCode apply_schema(Invocation& invocation, const ApplySchema& options) {
  const auto steps = apply_steps(invocation.database, options);
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
    const bool differs =
        error.kind() == ErrorKind::corrupt || (error.kind() == ErrorKind::not_ready && error.sqlstate().empty());
    if (!differs) throw;
    throw Failure{host::ExitCode::check_failed, error.message(), error.hint()};
  }
  print_object(invocation.output, invocation.format, {{"schema"}, {"valid"}},
               {cell(invocation.database.schema), cell(true)});
  return host::ExitCode::ok;
}

host::ExitCode print_schema_sql(Invocation& invocation) {
  print_sql(invocation.output, invocation.format, migrator(invocation.database).script());
  return host::ExitCode::ok;
}

}  // namespace annals::cli
