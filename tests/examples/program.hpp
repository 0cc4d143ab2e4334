#pragma once
#include <string>

namespace annals::tests {

struct Outcome {
  int status = 0;      ///< exit status; -1 when it did not end by itself
  std::string output;  ///< standard output and standard error
};

/// Runs a shell command to its end.
[[nodiscard]] Outcome run(const std::string& command);

/// Quoted for the shell.
[[nodiscard]] std::string quoted(const std::string& argument);

[[nodiscard]] std::string read_file(const std::string& path);

}  // namespace annals::tests
