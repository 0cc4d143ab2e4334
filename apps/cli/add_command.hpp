#pragma once
// How a command is added to the parser; only for the files that include CLI11.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

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
    action = [command, options](Invocation& invocation) { return command(invocation, *options); };
  });
  return added;
}

inline CLI::App& add_group(CLI::App& app, const char* name, const char* description) {
  auto* group = app.add_subcommand(name, description);
  group->require_subcommand(1);
  group->fallthrough();
  return *group;
}

/// A command without options.
inline CLI::App* add_command(CLI::App& group, Action& action, const char* name, const std::string& text,
                             host::ExitCode (*command)(Invocation&)) {
  auto* added = add_subcommand(group, name, text);
  added->callback([&action, command] { action = command; });
  return added;
}

}  // namespace annals::cli
