#include "cli/commands/projection.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/projections/status.hpp"
#include "cli/failure.hpp"

namespace annals::cli {
namespace {

std::vector<ReportColumn> columns() {
  return {{"projection"},        {"version", Align::right},   {"position", Align::right},
          {"lag", Align::right}, {"owner_pid", Align::right}, {"reset_requested"},
          {"updated_at"}};
}

void add(Report& report, const projections::ProjectionStatus& status) {
  report.add({cell(status.name), cell(std::int64_t{status.version}), cell(status.position.value()),
              cell(status.lag_events), status.owner_pid == 0 ? no_value() : cell(std::int64_t{status.owner_pid}),
              cell(status.reset_requested), cell(format_timestamp(status.updated_at))});
}

}  // namespace

std::string label(const ProjectionName& projection) {
  return fmt::format("\"{}\" version {}", printable(projection.name), projection.version);
}

Failure no_such_projection(const ProjectionName& projection) {
  return {host::ExitCode::not_found, fmt::format("there is no projection {}", label(projection)),
          "`annals projection list` shows those there are"};
}

host::ExitCode list_projections(Invocation& invocation) {
  auto connection = connect_ready(invocation.database);
  Report report{invocation.output, invocation.format, columns()};
  const auto projections = projections::list_projections(connection, invocation.database.schema);
  for (const auto& status : projections) add(report, status);
  report.finish();
  if (projections.empty()) fmt::print(stderr, "no projection has run on this database yet\n");
  return host::ExitCode::ok;
}

host::ExitCode reset_projection(Invocation& invocation, const ProjectionReset& options) {
  if (!options.yes) {
    throw Failure{host::ExitCode::usage,
                  fmt::format("resetting projection {} empties its read model until it is rebuilt", label(options)),
                  "see `annals projection list`, then repeat with --yes"};
  }
  auto connection = connect_ready(invocation.database);
  if (!projections::reset_projection(connection, invocation.database.schema, options.name, options.version)) {
    throw no_such_projection(options);
  }
  fmt::print(stderr, "its runner replays from zero at its next step, or when it is started\n");
  if (options.wait) return wait_for_projection(invocation, options);
  print_object(invocation.output, invocation.format, {{"projection"}, {"version"}, {"reset_requested"}},
               {cell(options.name), cell(std::int64_t{options.version}), cell(true)});
  return host::ExitCode::ok;
}

host::ExitCode adopt_projection(Invocation& invocation, const ProjectionAdopt& options) {
  if (!options.yes) {
    throw Failure{
        host::ExitCode::usage,
        fmt::format("adopting projection {} declares that its read model holds every event up to its position, "
                    "and none after it",
                    label(options)),
        "see `annals projection list` and `annals doctor`, then repeat with --yes"};
  }
  auto connection = connect_ready(invocation.database);
  const auto status = projections::adopt_projection(
      connection,
      {.projection = {.schema = invocation.database.schema, .name = options.name, .version = options.version},
       .position = options.position});
  if (!status) throw no_such_projection(options);
  Report report{invocation.output, invocation.format, columns()};
  add(report, *status);
  report.finish();
  fmt::print(stderr, "its checkpoint belongs to this database now: its runner goes on after position {}\n",
             status->position.value());
  return host::ExitCode::ok;
}

}  // namespace annals::cli
