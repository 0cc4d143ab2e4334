#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

struct ExportOptions {
  std::int64_t after = 0;
  std::optional<std::string> category;
  std::optional<std::string> stream;
  std::string path;  ///< empty or "-": standard output
};

/// `annals events export`: one JSON object a line, in position order.
host::ExitCode export_events(Invocation& invocation, const ExportOptions& options);

}  // namespace annals::cli
