#pragma once
#include <optional>
#include <string_view>

#include "annals/core/event.hpp"
#include "annals/core/stream_name.hpp"
#include "annals/core/stream_version.hpp"

namespace annals::json {

/// One line of an import: docs/cli.md, "The event line".
struct EventLine {
  StreamName stream;
  NewEvent event = {};
  std::optional<StreamVersion> version = {};
};

/// Reads it and checks everything that can be checked without the store. Throws Malformed or Error{invalid}, neither of
/// which knows the line's number.
[[nodiscard]] EventLine read_event_line(std::string_view line);

}  // namespace annals::json
