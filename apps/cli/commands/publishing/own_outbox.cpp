#include "cli/commands/publishing/own_outbox.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "annals/core/text.hpp"
#include "annals/outbox/schema.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/migrator.hpp"
#include "annals/postgres/replication/lsn.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals_cli_sql.hpp"
#include "cli/commands/publishing/relay_config.hpp"
#include "cli/failure.hpp"
#include "cli/screen/checks.hpp"
#include "cli/screen/waiting.hpp"
#include "relay/own/own_check.hpp"
#include "relay/settings/config.hpp"

namespace annals::cli {
namespace {

using postgres::Params;

constexpr std::chrono::milliseconds settle_max{60'000};
constexpr std::chrono::milliseconds look_again{100};

Check check_schema(postgres::Connection& connection) {
  try {
    postgres::require_schema(connection, outbox::schema());
    return {"schema", Level::ok, fmt::format("checkpoints are kept in {}", connection.database().schema)};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::disconnected) throw;
    return {"schema", Level::fail, error.message(), error.hint()};
  }
}

void add_checks(postgres::Connection& connection, const relayd::OwnOutbox& own, Checks& checks) {
  const auto lacks = relayd::find_lacks(connection, connection.database().schema, own);
  for (const auto& lack : lacks) {
    checks.push_back({lack.about, Level::fail, lack.detail, lack.sql.empty() ? lack.remedy : lack.sql});
  }
  if (lacks.empty()) checks.push_back({"table", Level::ok, fmt::format("{} has all that a relay needs", own.table)});
}

/// Where a slot's reader has come to; what it has confirmed it has published.
struct SlotPlace {
  std::int64_t behind = 0;  ///< bytes before the place that was asked for; 0 or less: past it
};

SlotPlace look_at(postgres::Connection& connection, const std::string& slot, std::int64_t lsn) {
  const auto row = connection.query(std::string{sql::take_over_slot}, Params{}.text(slot).bigint(lsn));
  if (row.empty()) {
    throw Failure{
        host::ExitCode::not_found, fmt::format("there is no logical slot \"{}\" in this database", printable(slot)),
        "SELECT slot_name, plugin FROM pg_replication_slots shows those there are; Debezium's is its slot.name"};
  }
  return {.behind = row.bigint(0, 0)};
}

/// True when whoever reads the slot has published everything before `lsn`.
bool await_slot(postgres::Connection& connection, const RelayTakeOver& options, std::int64_t lsn) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{options.wait_s};
  while (look_at(connection, options.slot, lsn).behind > 0) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    throw_if_stopped();
    std::this_thread::sleep_for(look_again);
  }
  return true;
}

}  // namespace

host::ExitCode check_own_outboxes(Invocation& invocation) {
  const auto& config = invocation.relay_config;
  if (!config) {
    throw Failure{host::ExitCode::usage, "no configuration of annals-relay is given", "name it: --config relay.toml"};
  }
  postgres::Connection connection{invocation.database};
  Checks checks{check_schema(connection)};
  for (const auto& own : config->own_outboxes) add_checks(connection, own, checks);
  if (config->own_outboxes.empty()) {
    checks.push_back({"table", Level::ok, "the configuration has no [[own_outbox]]; `annals doctor` checks the rest"});
  }
  return report_checks(invocation, checks);
}

// Everything at or below `position` was visible before `lsn` was the end of the log, and nothing more can be written there; so whoever
// has confirmed the log up to `lsn` has published all of it. What comes after, the relay publishes, and whoever reads the slot publishes some
// of it, too, until it is stopped.
host::ExitCode take_over_slot(Invocation& invocation, const RelayTakeOver& options) {
  const auto log = log_named(options.log, invocation);
  if (!options.yes) {
    throw Failure{
        host::ExitCode::usage,
        fmt::format(
            "taking over declares what the reader of slot \"{}\" has published of {} as published by relay \"{}\"",
            printable(options.slot), log.name, printable(options.relay)),
        "let that reader run, see `annals relay check`, then repeat with --yes"};
  }
  auto connection = connect_ready(invocation.database);
  const Waiting waiting{"waiting for the slot's reader"};
  (void)look_at(connection, options.slot, 0);
  const auto position = postgres::settled_end(connection, postgres::log_table(log), settle_max);
  const auto lsn = connection.query(std::string{sql::take_over_end}).bigint(0, 0);
  if (!await_slot(connection, options, lsn)) {
    throw Failure{
        host::ExitCode::unavailable,
        fmt::format("whoever reads slot \"{}\" has not confirmed {} within {} s", printable(options.slot),
                    to_string(postgres::Lsn{static_cast<std::uint64_t>(lsn)}), options.wait_s),
        "let it run until it has, with a longer --wait; on a table that is quiet it confirms with the next message"};
  }
  const auto status = outbox::adopt_checkpoint(connection, log, {.relay = options.relay, .position = position});
  print_object(invocation.output, invocation.format, {{"relay"}, {"log"}, {"position", Align::right}, {"slot"}},
               {cell(options.relay), cell(log.name), cell(status.position), cell(options.slot)});
  fmt::print(stderr,
             "stop the reader of the slot now, then start annals-relay: it publishes everything after that position\n");
  return host::ExitCode::ok;
}

}  // namespace annals::cli
