#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "annals/eventstore/log_check.hpp"
#include "cli/commands/stream.hpp"
#include "cli/failure.hpp"

namespace annals::cli {
namespace {

/// The whole log is read once.
constexpr std::chrono::hours adopt_timeout{1};

std::string_view to_string(eventstore::LogFinding::Fault fault) {
  using Fault = eventstore::LogFinding::Fault;
  switch (fault) {
    case Fault::impossible_position: return "impossible_position";
    case Fault::taken_stream_id: return "taken_stream_id";
    case Fault::head_astray: return "head_astray";
    case Fault::unknown_stream: return "unknown_stream";
    case Fault::impossible_time: return "impossible_time";
    case Fault::not_compared: return "not_compared";
  }
  return "";
}

}  // namespace

host::ExitCode check_streams(Invocation& invocation, const StreamCheck& options) {
  auto connection = connect_ready(invocation.database);
  const auto findings = eventstore::check_log(connection, invocation.database.schema, {.events_max = options.events});
  Report report{invocation.output, invocation.format, {{"fault"}, {"detail"}, {"remedy"}}};
  for (const auto& finding : findings) {
    report.add({cell(to_string(finding.fault)), cell(finding.what), cell(finding.remedy)});
  }
  report.finish();
  const bool wrong = std::any_of(findings.begin(), findings.end(), [](const eventstore::LogFinding& finding) {
    return finding.fault != eventstore::LogFinding::Fault::not_compared;
  });
  if (wrong) return host::ExitCode::check_failed;
  fmt::print(stderr, "the last {} events and their streams are as appends leave them\n", options.events);
  return host::ExitCode::ok;
}

host::ExitCode adopt_streams(Invocation& invocation, const StreamAdopt& options) {
  if (!options.yes) {
    throw Failure{host::ExitCode::usage, "adopting gives every event of an unknown stream a stream, for good",
                  "see `annals stream check`, find out who wrote the events, then repeat with --yes"};
  }
  auto database = invocation.database;
  database.statement_timeout = adopt_timeout;
  auto connection = connect_ready(database);
  const auto adopted = eventstore::adopt_orphans(connection, database.schema);
  Report report{
      invocation.output, invocation.format, {{"stream"}, {"stream_id", Align::right}, {"version", Align::right}}};
  for (const auto& stream : adopted) {
    report.add({cell(stream.name.view()), cell(stream.stream_id), cell(stream.version.value())});
  }
  report.finish();
  if (adopted.empty()) fmt::print(stderr, "every event is of a stream\n");
  return host::ExitCode::ok;
}

}  // namespace annals::cli
