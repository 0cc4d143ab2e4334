#include "program/run_program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace example {
namespace {

constexpr int bad_usage = 2;

int fail(const CLI::App& app, const std::string& what, const std::string& hint, int status) {
  fmt::print(stderr, "{}: {}\nhint: {}\n", app.get_name(), what, hint);
  return status;
}

/// The program, and the command that was named.
std::vector<const CLI::App*> path_of(const CLI::App& app) {
  std::vector<const CLI::App*> path{&app};
  for (const auto* command : app.get_subcommands()) path.push_back(command);
  return path;
}

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  for (const auto* part : path_of(app)) {
    for (const auto* option : part->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::string meant(const CLI::App& app, const std::string& word) {
  const auto names = names_of(app);
  const auto name = annals::nearest(word.substr(0, word.find('=')), {names.begin(), names.end()});
  return name.empty() ? "" : fmt::format("did you mean {}? ", name);
}

/// "or set ORDERS_DATABASE", for the first option that is required and was not given.
std::string lacking(const CLI::App& app) {
  for (const auto* part : path_of(app)) {
    for (const auto* option : part->get_options()) {
      if (!option->get_required() || option->count() > 0 || option->get_envname().empty()) continue;
      return fmt::format("give {}, or set {}; ", option->get_name(), option->get_envname());
    }
  }
  return "";
}

/// What is not understood comes before what lacks: it may be what lacks, misspelt.
int refuse(const CLI::App& app, const CLI::ParseError& error) {
  const auto help = fmt::format("{} --help shows commands and options", app.get_name());
  const auto words = app.remaining(true);
  if (words.empty()) return fail(app, annals::printable(error.what()), lacking(app) + help, bad_usage);
  return fail(app, fmt::format("\"{}\" is not understood", annals::printable(words.front())),
              meant(app, words.front()) + help, bad_usage);
}

/// A table that lacks is made by the program's own command, with those of Annals; their hint names only these.
int fail(const CLI::App& app, const annals::Error& error) {
  const auto commands = app.get_subcommands([](const CLI::App* command) { return command->get_name() == "init"; });
  const bool lacks =
      error.kind() == annals::ErrorKind::not_ready && error.hint().find("annals schema apply") != std::string::npos;
  return fail(app, error.message(),
              lacks && !commands.empty() ? fmt::format("run `{} init`", app.get_name()) : error.hint(), 1);
}

}  // namespace

int run_program(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::RuntimeError& status) {
    return status.get_exit_code();  // the subcommand's own
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : refuse(app, error);
  } catch (const annals::Error& error) {
    return fail(app, error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
    return 1;
  }
}

}  // namespace example
