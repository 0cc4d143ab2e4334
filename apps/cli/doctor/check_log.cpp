#include <fmt/format.h>

#include "annals/eventstore/log_check.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/postgres/position_check.hpp"
#include "cli/doctor/check.hpp"

namespace annals::cli {
namespace {

void check_events(postgres::Connection& connection, Checks& checks) {
  using Fault = eventstore::LogFinding::Fault;
  const eventstore::LogCheckOptions options;
  const auto findings = eventstore::check_log(connection, connection.database().schema, options);
  for (const auto& finding : findings) {
    const auto level = finding.fault == Fault::not_compared ? Level::warn : Level::fail;
    checks.push_back({"log", level, finding.what, finding.remedy});
  }
  if (!findings.empty()) return;
  checks.push_back({"log", Level::ok,
                    fmt::format("the last {} events and their streams are as appends leave them", options.events_max)});
}

void check_outbox(postgres::Connection& connection, Checks& checks) {
  using Fault = postgres::PositionFinding::Fault;
  const auto relation = outbox::message_log(connection.database().schema).relation;
  const auto findings = postgres::check_positions(connection, relation);
  for (const auto& finding : findings) {
    const auto level = finding.fault == Fault::not_compared ? Level::warn : Level::fail;
    checks.push_back({"log", level, finding.what, finding.remedy});
  }
  if (!findings.empty()) return;
  checks.push_back({"log", Level::ok, fmt::format("the positions of {} are those that were given out", relation)});
}

}  // namespace

void check_log(postgres::Connection& connection, Checks& checks) {
  check_events(connection, checks);
  check_outbox(connection, checks);
}

}  // namespace annals::cli
