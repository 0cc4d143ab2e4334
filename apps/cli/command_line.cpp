#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <exception>
#include <memory>

#include "annals/core/error.hpp"
#include "cli/command_groups.hpp"
#include "cli/database_choice.hpp"
#include "cli/failure.hpp"
#include "cli/screen/status_line.hpp"
#include "host/process/stop_signals.hpp"
#include "host/settings/usage.hpp"

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

/// A command's help shows, beside its own options, those that stand before or behind every command.
class HelpWithGlobals final : public CLI::Formatter {
 public:
  explicit HelpWithGlobals(const CLI::App& program) : program_(program) {}
  /// What follows a command's own options, which are not for overriding.
  std::string make_subcommands(const CLI::App* app, CLI::AppFormatMode mode) const override {
    auto text = Formatter::make_subcommands(app, mode);
    if (app == &program_) return text;
    const auto is_own = [&](const CLI::Option* option) {
      return option != program_.get_help_ptr() && option != program_.get_version_ptr();
    };
    return make_group("Options of every command", false, program_.get_options(is_own)) + text;
  }

 private:
  const CLI::App& program_;
};

struct Options {
  DatabaseChoice choice;
  std::string format = "table";
};

void add_global_options(CLI::App& app, Options& options) {
  app.add_option("-d,--database", options.choice.database,
                 "Connection URI or key=value string, as libpq takes it; with --config also the name of a [[database]]")
      ->envname("ANNALS_DATABASE");
  app.add_option("--config", options.choice.config_file,
                 "annals-relay's configuration: its database is taken, or all its [[database]]s");
  app.add_option("--schema", options.choice.schema, "Schema that holds Annals' tables")
      ->envname("ANNALS_SCHEMA")
      ->capture_default_str();
  app.add_option("-o,--format", options.format, "What to print: table, json (one value) or jsonl (an object a line)")
      ->check(CLI::IsMember({"table", "json", "jsonl"}))
      ->capture_default_str();
  app.set_version_flag("--version", fmt::format("annals {}", ANNALS_VERSION));
}

Invocation make_invocation(const Options& options) {
  Invocation invocation;
  choose_databases(options.choice, invocation);
  invocation.format = options.format == "json"    ? Format::json
                      : options.format == "jsonl" ? Format::jsonl
                                                  : Format::table;
  return invocation;
}

Failure bad_usage(const CLI::App& app, const std::string& message, const std::string& meant) {
  return {host::ExitCode::usage, message,
          fmt::format("{}{}{} --help shows examples", meant, meant.empty() ? "" : " ", host::command_path(app))};
}

/// What is not understood comes before what lacks: it may be what lacks, misspelt.
std::string message_of(const CLI::App& app, const CLI::ParseError& error) {
  const auto words = app.remaining(true);
  const bool lacks = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  return lacks && !words.empty() ? CLI::ExtrasError{{words.front()}}.what() : error.what();
}

/// Help and version are no failures; everything else that CLI11 reports is bad usage. So is --version behind a command: who
/// means an option of the command must not be told that all went well.
host::ExitCode report(const CLI::App& app, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::CallForVersion*>(&error) != nullptr && !app.get_subcommands().empty()) {
    throw bad_usage(app, "--version is the program's, and stands alone", host::meant(app, "--version"));
  }
  if (error.get_exit_code() == 0) {
    app.exit(error);
    return host::ExitCode::ok;
  }
  const auto unknown = host::unknown_command(app);
  throw bad_usage(app, unknown.empty() ? message_of(app, error) : fmt::format("there is no command \"{}\"", unknown),
                  host::meant(app));
}

/// How long what was interrupted may take to come to its end: a cancellation takes a round trip, what cannot be cancelled
/// is short, and nobody waits longer in front of a screen.
constexpr std::chrono::seconds grace{5};

/// Whatever holds the program up, a server that does not answer or a screen that takes nothing: it ends.
void leave() {
  StatusLine::wipe();
  print_failure(interrupted_unknown(fmt::format("no end came within {} s", grace.count())));
  ::_exit(static_cast<int>(host::ExitCode::interrupted));
}

host::ExitCode parse_and_run(int argc, char** argv) {
  CLI::App app{description, "annals"};
  Options options;
  Action action;
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(footer());
  app.formatter(std::make_shared<HelpWithGlobals>(app));
  add_global_options(app, options);
  add_log_commands(app, action);
  add_operation_commands(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report(app, error);
  }
  auto invocation = make_invocation(options);
  if (invocation.databases.size() > 1 && !action.takes_many) throw which_database(invocation);
  const host::StopSignals signals{grace, leave};
  try {
    return action.run(invocation);
  } catch (const Failure& failure) {
    throw offered_for(invocation.command_options, failure);
  } catch (const Error& error) {
    throw offered_for(invocation.command_options, to_failure(error));
  }
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
