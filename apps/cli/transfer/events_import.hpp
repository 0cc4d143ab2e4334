#pragma once
#include <cstddef>
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

struct ImportOptions {
  std::string path;
  std::size_t after_line = 0;
  bool ignore_versions = false;
  bool dry_run = false;
};

/// `annals events import`: the lines of a file, chunk after chunk; when it ends early, it says up to which line.
host::ExitCode import_events(Invocation& invocation, const ImportOptions& options);

}  // namespace annals::cli
