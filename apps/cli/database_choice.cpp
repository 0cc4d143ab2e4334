#include "cli/database_choice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "host/process/stop_signals.hpp"
#include "host/settings/environment.hpp"
#include "host/text/offered_command.hpp"
#include "relay/settings/config_loader.hpp"

namespace annals::cli {
namespace {

bool is_connection_string(const std::string& text) {
  return text.find('=') != std::string::npos || text.find("://") != std::string::npos;
}

/// libpq's own environment names it when it is empty.
NamedDatabase named(const std::string& name, const std::string& conninfo, const std::string& schema) {
  NamedDatabase of{.name = name, .database = {}};
  of.database.conninfo = conninfo;
  of.database.schema = schema;
  of.database.interrupted = host::stop_requested;
  return of;
}

/// A connection string stands for that of the configuration, which may be a secret that only the relay can read.
relayd::LoadedConfig load(const DatabaseChoice& choice, bool has_connection_string) {
  relayd::ConfigInputs inputs{.file = choice.config_file, .environment = host::environment(), .flags = {}};
  if (has_connection_string) inputs.environment["ANNALS_DATABASE"] = choice.database;
  if (choice.schema != DatabaseChoice{}.schema) inputs.environment["ANNALS_SCHEMA"] = choice.schema;
  auto loaded = relayd::load_config(inputs);
  if (loaded.problems.empty()) return loaded;
  throw Failure{
      host::ExitCode::usage, loaded.problems.front(),
      fmt::format("`annals-relay --config {} --check` shows all that is wrong with it", printable(choice.config_file))};
}

std::string names_of(const std::vector<NamedDatabase>& databases) {
  std::string names;
  for (const auto& of : databases) names += (names.empty() ? "" : ", ") + of.name;
  return names;
}

/// A variable that others have set, too, is no choice.
bool is_from_environment(const std::string& database) {
  const auto environment = host::environment();
  const auto found = environment.find("ANNALS_DATABASE");
  return found != environment.end() && found->second == database;
}

void keep_chosen(const std::string& name, std::vector<NamedDatabase>& databases) {
  const auto found = std::ranges::find(databases, name, &NamedDatabase::name);
  if (found == databases.end()) {
    throw Failure{host::ExitCode::usage, fmt::format("the configuration has no database \"{}\"", printable(name)),
                  fmt::format("it has {}", databases.front().name.empty() ? "one, without a name: leave --database out"
                                                                          : names_of(databases))};
  }
  databases = {*found};
}

}  // namespace

void choose_databases(const DatabaseChoice& choice, Invocation& invocation) {
  if (choice.config_file.empty()) {
    invocation.databases = {named("", choice.database, choice.schema)};
    invocation.database = invocation.databases.front().database;
    return;
  }
  const bool has_connection_string = is_connection_string(choice.database);
  const auto loaded = load(choice, has_connection_string);
  for (const auto& [config, origins] : loaded.databases) {
    auto& of =
        invocation.databases.emplace_back(named(config.database.name, config.database.uri, config.database.schema));
    of.relay_config = std::make_shared<relayd::Config>(config);
    of.command_options = host::database_options(choice.config_file, of.name);
  }
  const bool is_named = !invocation.databases.front().name.empty();
  if (has_connection_string && is_named && !is_from_environment(choice.database)) {
    throw Failure{host::ExitCode::usage, "--database names a server, and the configuration has [[database]]",
                  fmt::format("give the name of one: {}", names_of(invocation.databases))};
  }
  if (!choice.database.empty() && !has_connection_string) keep_chosen(choice.database, invocation.databases);
  invocation.database = invocation.databases.front().database;
  invocation.relay_config = invocation.databases.front().relay_config;
  invocation.command_options = invocation.databases.front().command_options;
}

Failure which_database(const Invocation& invocation) {
  return {host::ExitCode::usage, fmt::format("the configuration has {} databases", invocation.databases.size()),
          fmt::format("choose one: --database {}", invocation.databases.front().name)};
}

void add_row(Report& report, const NamedDatabase& of, std::vector<Cell> cells) {
  if (!of.name.empty()) cells.insert(cells.begin(), cell(of.name));
  report.add(std::move(cells));
}

host::ExitCode report_each(Invocation& invocation, std::vector<ReportColumn> columns, const Show& show) {
  const auto& all = invocation.databases;
  if (all.size() == 1 && all.front().name.empty()) {
    Report report{invocation.output, invocation.format, std::move(columns)};
    show(report, all.front());
    report.finish();
    return host::ExitCode::ok;
  }
  columns.insert(columns.begin(), ReportColumn{"database"});
  Report report{invocation.output, invocation.format, std::move(columns)};
  auto code = host::ExitCode::ok;
  for (const auto& of : all) {
    const auto tell = [&](const Failure& failure) {
      if (failure.code() == host::ExitCode::interrupted) throw failure;
      print_failure(
          offered_for(of.command_options,
                      {failure.code(), fmt::format("database {}: {}", of.name, failure.what()), failure.hint()}));
      code = host::worse(code, failure.code());
    };
    try {
      show(report, of);
    } catch (const Failure& failure) {
      tell(failure);
    } catch (const Error& error) {
      tell(to_failure(error));
    }
  }
  report.finish();
  return code;
}

}  // namespace annals::cli
