#pragma once
#include <string_view>

#include "annals/eventstore/event_store.hpp"

namespace annals::cli {

/// Reads one line of an import (docs/cli.md, "The event line") and checks everything that can be checked without the
/// store. Throws Failure, JsonError or annals::Error, none of which knows the line's number.
[[nodiscard]] eventstore::ImportedEvent read_event_line(std::string_view line);

}  // namespace annals::cli
