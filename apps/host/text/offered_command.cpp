#include "host/text/offered_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "annals/core/quote.hpp"

namespace annals::host {
namespace {

constexpr std::string_view program = "annals ";
/// What tells a command from a sentence about the program. Not schema: a schema is its owner's, whom no relay's configuration names.
constexpr std::array<std::string_view, 7> commands{"all",        "doctor", "events", "outbox",
                                                   "projection", "relay",  "stream"};

bool is_of_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '/' || c == '.';
}

bool begins_with_command(std::string_view text) {
  return std::ranges::any_of(commands, [&](std::string_view command) {
    return text.starts_with(command) && (text.size() == command.size() || !is_of_word(text[command.size()]));
  });
}

}  // namespace

std::string database_options(std::string_view config_file, std::string_view name) {
  if (config_file.empty()) return "";
  const auto config = fmt::format("--config {}", quote_shell(config_file));
  return name.empty() ? config : fmt::format("{} --database {}", config, quote_shell(name));
}

std::string with_options(std::string_view text, std::string_view options) {
  std::string out;
  out.reserve(text.size() + options.size());
  while (true) {
    const auto at = text.find(program);
    if (at == std::string_view::npos || options.empty()) return out.append(text);
    const bool begins = at == 0 ? out.empty() || !is_of_word(out.back()) : !is_of_word(text[at - 1]);
    out.append(text.substr(0, at + program.size()));
    text.remove_prefix(at + program.size());
    if (begins && begins_with_command(text)) out.append(options).append(" ");
  }
}

}  // namespace annals::host
