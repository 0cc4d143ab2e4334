#include <fmt/format.h>

#include "annals/eventstore/log_check.hpp"
#include "cli/doctor/check.hpp"

namespace annals::cli {

void check_log(postgres::Connection& connection, Checks& checks) {
  const eventstore::LogCheckOptions options;
  const auto findings = eventstore::check_log(connection, connection.database().schema, options);
  for (const auto& finding : findings) checks.push_back({"log", Level::fail, finding.what, finding.remedy});
  if (!findings.empty()) return;
  checks.push_back({"log", Level::ok,
                    fmt::format("the last {} events and their streams are as appends leave them", options.events_max)});
}

}  // namespace annals::cli
