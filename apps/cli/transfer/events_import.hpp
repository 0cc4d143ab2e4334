#pragma once
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

struct ImportOptions {
  std::string path;
  bool ignore_versions = false;
  bool dry_run = false;
};

/// `annals events import`: all lines of a file in one transaction, or none.
host::ExitCode import_events(Invocation& invocation, const ImportOptions& options);

}  // namespace annals::cli
