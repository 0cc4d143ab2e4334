#include "cli/commands/publishing/relay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/text.hpp"
#include "annals/outbox/status.hpp"
#include "cli/commands/publishing/relay_config.hpp"
#include "cli/database_choice.hpp"
#include "cli/failure.hpp"
#include "cli/screen/age.hpp"

namespace annals::cli {
namespace {

std::string owner_text(const postgres::Owner& owner) {
  const auto& place = owner.client_address.empty() ? "local" : owner.client_address;
  return fmt::format("{} (pid {}, {})", owner.application_name.empty() ? "?" : owner.application_name, owner.pid,
                     place);
}

std::vector<Cell> cells_of(const outbox::RelayStatus& status) {
  return {cell(status.relay),
          cell(status.log),
          cell(status.position),
          status.lag_messages ? cell(*status.lag_messages) : no_value(),
          age_cell(status.oldest_age),
          status.owner ? cell(owner_text(*status.owner)) : no_value(),
          cell(std::string{status.exactly_once ? "exactly-once" : "at-least-once"}),
          cell(status.parked),
          cell(status.dead_letters),
          status.slot ? cell(status.slot->name) : no_value(),
          status.slot ? cell(status.slot->wal_status) : no_value(),
          status.slot ? cell(status.slot->retained_bytes) : no_value(),
          status.instance.empty() ? no_value() : cell(status.instance),
          cell(status.epoch),
          cell(status.retired),
          cell(format_timestamp(status.updated_at))};
}

std::vector<ReportColumn> relay_columns() {
  return {{"relay"},
          {"log"},
          {"position", Align::right},
          {"lag", Align::right},
          {"oldest_age_ms", Align::right},
          {"owner"},
          {"delivery"},
          {"parked", Align::right},
          {"dead_letters", Align::right},
          {"slot"},
          {"wal_status"},
          {"retained_bytes", Align::right},
          {"instance"},
          {"epoch", Align::right},
          {"retired"},
          {"updated_at"}};
}

}  // namespace

/// Adopting with a position makes a relay that is not there; everything else needs one.
void require_relay(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& name,
                   const std::string& hint) {
  const auto relays = outbox::read_relay_status(connection, {log});
  if (std::any_of(relays.begin(), relays.end(), [&](const auto& relay) { return relay.relay == name; })) return;
  throw Failure{host::ExitCode::not_found,
                fmt::format("relay \"{}\" has no checkpoint on {}", printable(name), log.name), hint};
}

host::ExitCode show_relay_status(Invocation& invocation) {
  return report_each(invocation, relay_columns(), [&](Report& report, const NamedDatabase& of) {
    auto connection = connect_ready(of.database);
    const auto relays = outbox::read_relay_status(connection, logs_of(of.database.schema, of.relay_config.get()));
    for (const auto& status : relays) add_row(report, of, cells_of(status));
    if (!relays.empty()) return;
    fmt::print(stderr, "no relay has published from {} yet\n",
               of.name.empty() ? "this database" : fmt::format("database {}", of.name));
  });
}

host::ExitCode adopt_relay(Invocation& invocation, const RelayAdopt& options) {
  const auto log = log_named(options.log, invocation);
  if (!options.yes) {
    throw Failure{
        host::ExitCode::usage,
        fmt::format("adopting relay \"{}\" on {} declares everything up to its position as published for good",
                    printable(options.relay), log.name),
        "see `annals relay status` and `annals doctor`, then repeat with --yes"};
  }
  auto connection = connect_ready(invocation.database);
  if (!options.position) {
    require_relay(connection, log, options.relay,
                  "`annals relay status` shows those there are; with --position one is made: 0 publishes everything");
  }
  const auto status = outbox::adopt_checkpoint(connection, log, {.relay = options.relay, .position = options.position});
  Report report{invocation.output, invocation.format, relay_columns()};
  report.add(cells_of(status));
  report.finish();
  return host::ExitCode::ok;
}

host::ExitCode forget_relay(Invocation& invocation, const RelayForget& options) {
  const auto log = log_named(options.log, invocation);
  if (!options.yes) {
    throw Failure{host::ExitCode::usage,
                  fmt::format("forgetting relay \"{}\" on {} gives up all that it has not published",
                              printable(options.relay), log.name),
                  "see `annals relay status`, then repeat with --yes"};
  }
  auto connection = connect_ready(invocation.database);
  require_relay(connection, log, options.relay, "`annals relay status` shows those there are");
  outbox::forget_checkpoint(connection, log, options.relay);
  print_object(invocation.output, invocation.format, {{"relay"}, {"log"}, {"forgotten"}},
               {cell(options.relay), cell(log.name), cell(true)});
  return host::ExitCode::ok;
}

host::ExitCode skip_relay_message(Invocation& invocation, const RelaySkip& options) {
  const auto log = log_named(options.log, invocation);
  const auto id = EventId::parse(options.id);
  if (!id) {
    throw Failure{host::ExitCode::usage, fmt::format("\"{}\" is not the id of a message", printable(options.id)),
                  "give the UUID that the relay named when it halted"};
  }
  auto connection = connect_ready(invocation.database);
  require_relay(connection, log, options.relay, "`annals relay status` shows those there are");
  outbox::skip_message(connection, log,
                       {.relay = options.relay, .position = options.position, .id = *id, .reason = options.reason});
  print_object(invocation.output, invocation.format, {{"relay"}, {"log"}, {"position"}, {"id"}, {"skipped"}},
               {cell(options.relay), cell(log.name), cell(options.position), cell(id->to_string()), cell(true)});
  fmt::print(stderr, "relay \"{}\" passes over it from its next start on\n", printable(options.relay));
  return host::ExitCode::ok;
}

}  // namespace annals::cli
