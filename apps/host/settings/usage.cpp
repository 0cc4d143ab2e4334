#include "host/settings/usage.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "annals/core/text.hpp"

namespace annals::host {
namespace {

/// From the program down to the deepest command that was named.
std::vector<const CLI::App*> path_of(const CLI::App& app) {
  std::vector<const CLI::App*> path{&app};
  while (!path.back()->get_subcommands().empty()) path.push_back(path.back()->get_subcommands().front());
  return path;
}

std::string nearest_of(std::string_view word, const std::vector<std::string>& names) {
  return std::string{nearest(word, {names.begin(), names.end()})};
}

/// "--projection-version", where a command has such an option.
std::string version_option(const CLI::App& command) {
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) {
      if (name.ends_with("-version")) return "--" + name;
    }
  }
  return "";
}

std::string meant_option(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* command : path_of(app)) {
    for (const auto* option : command->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  auto name = nearest_of(word.substr(0, word.find('=')), names);
  const auto* command = path_of(app).back();
  return name == "--version" && command != &app ? version_option(*command) : name;
}

std::string meant_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> names;
  for (const auto* command : path_of(app).back()->get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  const auto name = nearest_of(word, names);
  return name.empty() ? "" : fmt::format("{} {}", command_path(app), name);
}

}  // namespace

std::string command_path(const CLI::App& app) {
  std::string text;
  for (const auto* command : path_of(app)) text += (text.empty() ? "" : " ") + command->get_name();
  return text;
}

std::string unknown_command(const CLI::App& app) {
  const auto words = app.remaining(true);
  const bool due = path_of(app).back()->get_require_subcommand_min() > 0;
  return !due || words.empty() || words.front().starts_with('-') ? "" : command_path(app) + " " + words.front();
}

std::string meant(const CLI::App& app) {
  const auto words = app.remaining(true);
  return words.empty() ? "" : meant(app, words.front());
}

std::string meant(const CLI::App& app, const std::string& word) {
  const auto name = word.starts_with("--")  ? meant_option(app, word)
                    : word.starts_with('-') ? std::string{}
                                            : meant_command(app, word);
  return name.empty() ? "" : fmt::format("did you mean {}?", name);
}

}  // namespace annals::host
