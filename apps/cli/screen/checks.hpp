#pragma once
#include <string>
#include <vector>

#include "cli/invocation.hpp"

namespace annals::cli {

enum class Level { ok, warn, fail };

/// What was found of one thing, and what to do about it.
struct Check {
  std::string name;  ///< stable: scripts select by it
  Level level = Level::ok;
  std::string detail;
  std::string remedy = {};  ///< empty when ok
};

using Checks = std::vector<Check>;

/// Prints them as the invocation says; ExitCode::check_failed when one has failed.
[[nodiscard]] host::ExitCode report_checks(Invocation& invocation, Checks checks);

}  // namespace annals::cli
