#include "cli/commands/relay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/text.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/status.hpp"
#include "cli/failure.hpp"
#include "cli/screen/age.hpp"

namespace annals::cli {
namespace {

std::vector<postgres::MessageLog> logs(const std::string& schema) {
  return {outbox::message_log(schema), eventstore::message_log(schema)};
}

std::string owner_text(const outbox::RelayOwner& owner) {
  const auto& place = owner.client_address.empty() ? "local" : owner.client_address;
  return fmt::format("{} (pid {}, {})", owner.application_name.empty() ? "?" : owner.application_name, owner.pid,
                     place);
}

void add_relay(Report& report, const outbox::RelayStatus& status) {
  report.add({cell(status.relay), cell(status.log), cell(status.position), cell(status.lag_messages),
              age_cell(status.oldest_age), status.owner ? cell(owner_text(*status.owner)) : no_value(),
              cell(format_timestamp(status.updated_at))});
}

std::vector<ReportColumn> relay_columns() {
  return {{"relay"}, {"log"},       {"position", Align::right}, {"lag", Align::right}, {"oldest_age_ms", Align::right},
          {"owner"}, {"updated_at"}};
}

}  // namespace

host::ExitCode show_relay_status(Invocation& invocation) {
  auto connection = connect_ready(invocation.database);
  Report report{invocation.output, invocation.format, relay_columns()};
  const auto relays = outbox::read_relay_status(connection, logs(invocation.database.schema));
  for (const auto& status : relays) add_relay(report, status);
  report.finish();
  if (relays.empty()) fmt::print(stderr, "no relay has published from this database yet\n");
  return host::ExitCode::ok;
}

host::ExitCode adopt_relay(Invocation& invocation, const RelayAdopt& options) {
  const auto all = logs(invocation.database.schema);
  const auto log = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == options.table; });
  if (log == all.end()) {
    throw Failure{host::ExitCode::usage, fmt::format("unknown log \"{}\"", printable(options.table)), "use outbox or events"};
  }
  if (!options.yes) {
    throw Failure{
        host::ExitCode::usage,
        fmt::format("adopting relay \"{}\" on {} declares everything up to its position as published for good",
                    printable(options.relay), options.table),
        "see `annals relay status` and `annals doctor`, then repeat with --yes"};
  }
  auto connection = connect_ready(invocation.database);
  const auto status =
      outbox::adopt_checkpoint(connection, *log, {.relay = options.relay, .position = options.position});
  Report report{invocation.output, invocation.format, relay_columns()};
  add_relay(report, status);
  report.finish();
  return host::ExitCode::ok;
}

}  // namespace annals::cli
