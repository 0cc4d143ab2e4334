#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "annals/eventstore/log_check.hpp"
#include "cli/commands/stream.hpp"
#include "cli/failure.hpp"
#include "cli/screen/progress.hpp"
#include "cli/screen/waiting.hpp"

namespace annals::cli {
namespace {

/// As much of the log is read as was asked for: a statement may take longer than those of other commands.
constexpr std::chrono::hours read_timeout{1};

postgres::Connection connect_patiently(postgres::Database database) {
  database.statement_timeout = read_timeout;
  return connect_ready(database);
}

std::vector<eventstore::LogFinding> findings_in(const postgres::Database& database, const StreamCheck& options) {
  auto connection = connect_patiently(database);
  const Waiting waiting{fmt::format("checking the last {} events", grouped(static_cast<std::size_t>(options.events)))};
  return eventstore::check_log(connection, database.schema, {.events_max = options.events});
}

std::vector<eventstore::AdoptedStream> adopt(const postgres::Database& database) {
  auto connection = connect_patiently(database);
  const Waiting waiting{"looking for events of unknown streams"};
  return eventstore::adopt_orphans(connection, database.schema);
}

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
  const auto findings = findings_in(invocation.database, options);
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
  const auto adopted = adopt(invocation.database);
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
