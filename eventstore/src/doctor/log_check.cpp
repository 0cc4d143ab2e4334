#include "annals/eventstore/log_check.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/position_check.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"
#include "doctor/orphans.hpp"
#include "doctor/stream_ids.hpp"

namespace annals::eventstore {
namespace {

using Fault = LogFinding::Fault;
using Findings = std::vector<LogFinding>;

void check_positions(postgres::Connection& connection, const std::string& schema, Findings& findings) {
  for (auto& found : postgres::check_positions(connection, schema + ".events")) {
    const bool compared = found.fault == postgres::PositionFinding::Fault::impossible;
    findings.push_back(
        {compared ? Fault::impossible_position : Fault::not_compared, std::move(found.what), std::move(found.remedy)});
  }
}

void check_heads(postgres::Connection& connection, const std::string& schema, const LogCheckOptions& options,
                 Findings& findings) {
  const auto rows = connection.query(
      postgres::render(sql::heads_astray, schema),
      postgres::Params{}.bigint(options.events_max).bigint(options.streams_max).bigint(options.versions_max));
  for (int row = 0; row < rows.rows(); ++row) {
    const auto head = rows.bigint(row, 2);
    const auto last = rows.bigint(row, 3);
    const auto stream = fmt::format("stream \"{}\" (id {})", printable(rows.bytes(row, 1)), rows.bigint(row, 0));
    if (head == last) {
      findings.push_back({Fault::head_astray,
                          fmt::format("{}: {} of the {} versions up to {} are in {}.events", stream,
                                      rows.bigint(row, 4), rows.bigint(row, 5), head, schema),
                          "find out who moved its head, or removed events; missing ones can only come from a backup"});
    } else {
      findings.push_back(
          {Fault::head_astray,
           fmt::format("{}: {}.streams.version is {}, its last event has {}", stream, schema, head, last),
           last == 0 ? "find out who created the stream; its versions will not begin at 1"
                     : fmt::format("UPDATE {}.streams SET version = {} WHERE stream_id = {}; find out "
                                   "who moved it",
                                   schema, last, rows.bigint(row, 0))});
    }
  }
}

void check_streams(postgres::Connection& connection, const std::string& schema, const LogCheckOptions& options,
                   Findings& findings) {
  const auto rows =
      connection.query(postgres::render(sql::unknown_streams, schema), postgres::Params{}.bigint(options.events_max));
  for (int row = 0; row < rows.rows(); ++row) {
    findings.push_back(
        {Fault::unknown_stream,
         fmt::format("{}.events.stream_id {} is no stream; {} event{} from position {} on", schema, rows.bigint(row, 0),
                     rows.bigint(row, 2), rows.bigint(row, 2) == 1 ? "" : "s", rows.bigint(row, 1)),
         orphan_remedy(schema)});
  }
}

void check_times(postgres::Connection& connection, const std::string& schema, const LogCheckOptions& options,
                 Findings& findings) {
  const auto rows =
      connection.query(postgres::render(sql::impossible_times, schema), postgres::Params{}.bigint(options.events_max));
  for (int row = 0; row < rows.rows(); ++row) {
    findings.push_back(
        {Fault::impossible_time,
         fmt::format("{}.events.{} at position {} is not of the years 1 to 9999", schema, rows.bytes(row, 1),
                     rows.bigint(row, 0)),
         "find out who dropped the constraint of the domain event_time; only the tables' owner can disable the trigger "
         "append_only, correct the row, and enable it ALWAYS again"});
  }
}

}  // namespace

std::vector<LogFinding> check_log(postgres::Connection& connection, const std::string& schema,
                                  LogCheckOptions options) {
  Findings findings;
  check_positions(connection, schema, findings);
  if (auto found = check_stream_ids(connection, schema)) findings.push_back(std::move(*found));
  check_heads(connection, schema, options, findings);
  check_streams(connection, schema, options, findings);
  check_times(connection, schema, options, findings);
  return findings;
}

}  // namespace annals::eventstore
