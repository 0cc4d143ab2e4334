#include "cli/commands/projection.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/projections/status.hpp"
#include "cli/failure.hpp"

namespace annals::cli {

host::ExitCode list_projections(Invocation& invocation) {
  auto connection = connect_ready(invocation.database);
  Report report{invocation.output,
                invocation.format,
                {{"projection"},
                 {"version", Align::right},
                 {"position", Align::right},
                 {"lag", Align::right},
                 {"owner_pid", Align::right},
                 {"reset_requested"},
                 {"updated_at"}}};
  const auto projections = projections::list_projections(connection, invocation.database.schema);
  for (const auto& status : projections) {
    report.add({cell(status.name), cell(std::int64_t{status.version}), cell(status.position.value()),
                cell(status.lag_events), status.owner_pid == 0 ? no_value() : cell(std::int64_t{status.owner_pid}),
                cell(status.reset_requested), cell(format_timestamp(status.updated_at))});
  }
  report.finish();
  if (projections.empty()) fmt::print(stderr, "no projection has run on this database yet\n");
  return host::ExitCode::ok;
}

host::ExitCode reset_projection(Invocation& invocation, const ProjectionReset& options) {
  const auto name = fmt::format("\"{}\" version {}", printable(options.name), options.version);
  if (!options.yes) {
    throw Failure{host::ExitCode::usage,
                  fmt::format("resetting projection {} empties its read model until it is rebuilt", name),
                  "see `annals projection list`, then repeat with --yes"};
  }
  auto connection = connect_ready(invocation.database);
  if (!projections::reset_projection(connection, invocation.database.schema, options.name, options.version)) {
    throw Failure{host::ExitCode::not_found, fmt::format("there is no projection {}", name),
                  "`annals projection list` shows those there are"};
  }
  print_object(invocation.output, invocation.format, {{"projection"}, {"version"}, {"reset_requested"}},
               {cell(options.name), cell(std::int64_t{options.version}), cell(true)});
  fmt::print(stderr, "its runner replays from zero at its next step, or when it is started\n");
  return host::ExitCode::ok;
}

}  // namespace annals::cli
