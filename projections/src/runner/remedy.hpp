#pragma once
#include <string>

#include "annals/projections/status.hpp"

namespace annals::projections {

// Hints for a checkpoint that does not fit the log, with commands to be pasted into a shell as they are: name and schema
// are plain identifiers.

/// For a read model that came with the log, from another cluster.
[[nodiscard]] std::string adopt_or_rebuild(const ProjectionKey& key);
/// For a read model that holds other events than the log.
[[nodiscard]] std::string rebuild_or_place(const ProjectionKey& key);

}  // namespace annals::projections
