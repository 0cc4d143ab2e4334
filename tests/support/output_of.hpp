#pragma once
#include <string>

namespace annals::tests {

/// What a shell command writes to its standard output; throws std::runtime_error when it fails.
[[nodiscard]] std::string output_of(const std::string& command);
/// Runs it for its effect.
void run_command(const std::string& command);

}  // namespace annals::tests
