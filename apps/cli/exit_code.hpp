#pragma once
#include <string>
#include <string_view>

namespace annals::cli {

/// What the program's exit status means. Scripts rely on the numbers: never renumber. The table that --help and
/// docs/cli.md show is exit_code_table().
enum class ExitCode {
  ok = 0,
  failed = 1,
  usage = 2,
  unavailable = 3,
  conflict = 4,
  check_failed = 5,
  not_found = 6,
  interrupted = 130,
};

/// One line a code: "  4  conflict: …".
[[nodiscard]] std::string exit_code_table();

}  // namespace annals::cli
