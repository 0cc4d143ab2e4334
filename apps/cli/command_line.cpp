#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "cli/command_groups.hpp"
#include "cli/failure.hpp"

namespace annals::cli {
namespace {

constexpr const char* description =
    "Events, outbox and projections of Annals, from the command line.\n"
    "\n"
    "  annals schema apply                              prepare a database\n"
    "  annals stream append order-42 --type OrderPlaced --data '{\"total\":9.90}'\n"
    "  annals stream show order-42\n"
    "  annals all tail --follow                         watch events as they are committed\n"
    "  annals events export --output backup.jsonl.gz    and back: annals events import backup.jsonl.gz\n"
    "  annals doctor                                    what is wrong, and what to do about it\n";

std::string footer() {
  using enum host::ExitCode;
  return "The database is --database, else ANNALS_DATABASE, else what libpq's own environment names (PGHOST, "
         "PGSERVICE,\n"
         "PGPASSFILE ...). Keep passwords out of the command line: others can read it. NO_COLOR turns colours off.\n"
         "\nExit codes:\n" +
         host::exit_code_table({ok, failed, usage, unavailable, conflict, check_failed, not_found, interrupted});
}

struct Options {
  std::string database;
  std::string schema = "annals";
  std::string format = "table";
};

void add_global_options(CLI::App& app, Options& options) {
  app.add_option("-d,--database", options.database, "Connection URI or key=value string, as libpq takes it")
      ->envname("ANNALS_DATABASE");
  app.add_option("--schema", options.schema, "Schema that holds Annals' tables")
      ->envname("ANNALS_SCHEMA")
      ->capture_default_str();
  app.add_option("-o,--format", options.format, "What to print: table, json (one value) or jsonl (an object a line)")
      ->check(CLI::IsMember({"table", "json", "jsonl"}))
      ->capture_default_str();
  app.set_version_flag("--version", fmt::format("annals {}", ANNALS_VERSION));
}

Invocation make_invocation(const Options& options) {
  Invocation invocation;
  invocation.database.conninfo = options.database;
  invocation.database.schema = options.schema;
  invocation.format = options.format == "json"    ? Format::json
                      : options.format == "jsonl" ? Format::jsonl
                                                  : Format::table;
  return invocation;
}

/// The deepest command that was named, for "see … --help".
std::string command_path(const CLI::App& app) {
  std::string path = app.get_name();
  const auto* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    path += " " + at->get_name();
  }
  return path;
}

/// What the first word that is not understood was probably meant to be; empty when it is no command that is missing.
std::string meant_command(const CLI::App& app) {
  const auto* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const auto words = app.remaining(true);
  if (words.empty() || words.front().starts_with('-')) return "";
  std::vector<std::string_view> names;
  for (const auto* command : at->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return std::string{nearest(words.front(), names)};
}

/// Help and version are no failures; everything else that CLI11 reports is bad usage.
host::ExitCode report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    app.exit(error);
    return host::ExitCode::ok;
  }
  const auto meant = meant_command(app);
  throw Failure{host::ExitCode::usage, error.what(),
                fmt::format("{}{} --help shows examples",
                            meant.empty() ? "" : fmt::format("did you mean {} {}? ", command_path(app), meant),
                            command_path(app))};
}

host::ExitCode parse_and_run(int argc, char** argv) {
  CLI::App app{description, "annals"};
  Options options;
  Action action;
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(footer());
  add_global_options(app, options);
  add_log_commands(app, action);
  add_operation_commands(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report(app, error);
  }
  auto invocation = make_invocation(options);
  return action(invocation);
}

host::ExitCode fail(const Failure& failure) {
  print_failure(failure);
  return failure.code();
}

}  // namespace

host::ExitCode run(int argc, char** argv) noexcept {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(), see BrokenPipe
  try {
    return parse_and_run(argc, argv);
  } catch (const BrokenPipe&) {
    return host::ExitCode::ok;
  } catch (const Failure& failure) {
    return fail(failure);
  } catch (const Error& error) {
    return fail(to_failure(error));
  } catch (const std::exception& error) {
    return fail({host::ExitCode::failed, error.what(), "this should not happen: please report it"});
  }
}

}  // namespace annals::cli
