#pragma once
// How a command is added to the parser; only for the files that include CLI11.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "annals/core/text/number.hpp"
#include "cli/command_groups.hpp"

namespace annals::cli {

/// `text` is one line for the list of commands, an empty line, and examples for the command's own help.
inline CLI::App* add_subcommand(CLI::App& group, const char* name, const std::string& text) {
  const auto end = text.find("\n\n");
  auto* added = group.add_subcommand(name, text.substr(0, end));
  added->footer(text.substr(end + 2) + "\n");
  return added;
}

/// A command whose options live as long as the parser.
template <class Options>  // NOLINTNEXTLINE(readability-function-size): the five of the one below, and the options
CLI::App* add_command(CLI::App& group, Action& action, const char* name, const std::string& text,
                      host::ExitCode (*command)(Invocation&, const Options&), std::shared_ptr<Options> options) {
  auto* added = add_subcommand(group, name, text);
  added->callback([&action, command, options] {
    action.run = [command, options](Invocation& invocation) { return command(invocation, *options); };
  });
  return added;
}

inline CLI::App& add_group(CLI::App& app, const char* name, const char* description) {
  auto* group = app.add_subcommand(name, description);
  group->require_subcommand(1);
  group->fallthrough();
  return *group;
}

/// Of an option that counts: "is not a whole number, at least 1".
inline CLI::Validator at_least(std::int64_t least) {
  const auto says = "is not a whole number, at least " + std::to_string(least);
  return CLI::Validator{[least, says](const std::string& text) {
                          const auto number = parse_number<std::int64_t>(text);
                          return number && *number >= least ? std::string{} : text + " " + says;
                        },
                        least == 0 ? "NONNEGATIVE" : "POSITIVE"};
}

/// A command without options.
inline CLI::App* add_command(CLI::App& group, Action& action, const char* name, const std::string& text,
                             host::ExitCode (*command)(Invocation&)) {
  auto* added = add_subcommand(group, name, text);
  added->callback([&action, command] { action.run = command; });
  return added;
}

/// Of a command that acts on all databases of a configuration.
inline void let_take_many(CLI::App& command, Action& action) {
  command.preparse_callback([&action](std::size_t) { action.takes_many = true; });
}

}  // namespace annals::cli
