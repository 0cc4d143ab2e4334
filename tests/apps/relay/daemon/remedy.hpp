#pragma once
#include <fmt/format.h>
#include <sys/wait.h>

#include <cstdlib>
#include <map>
#include <regex>
#include <string>

#include "relay_process.hpp"

namespace annals::tests {

/// Does the remedy in a log that is like this, pasted into a shell as it is, with these variables set there; `number` stands for the N that it
/// ends in. Returns its exit status; -1: no remedy is like it.
inline int paste(const TempFolder& folder, const std::string& log, const std::string& like,
                 const std::map<std::string, std::string>& variables, const std::string& number = {}) {
  std::smatch found;
  if (!std::regex_search(log, found, std::regex{like})) return -1;
  auto command = found.str();
  if (!number.empty()) command.replace(command.size() - 1, 1, number);
  std::string script = fmt::format("export PATH=\"$(dirname '{}'):$PATH\"\n", ANNALS_PROGRAM);
  for (const auto& [name, value] : variables) script += fmt::format("export {}='{}'\n", name, value);
  const auto file = folder.write("remedy.sh", script + command + "\n");
  return WEXITSTATUS(std::system(("sh " + file + " >/dev/null").c_str()));
}

}  // namespace annals::tests
