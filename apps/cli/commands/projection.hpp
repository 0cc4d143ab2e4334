#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

/// `annals projection list`: every projection's checkpoint, lag and owner.
host::ExitCode list_projections(Invocation& invocation);

struct ProjectionReset {
  std::string name;
  int version = 1;
  bool yes = false;
};
/// `annals projection reset`: asks its runner to empty the read model and to replay from zero. Does nothing without `yes`.
host::ExitCode reset_projection(Invocation& invocation, const ProjectionReset& options);

struct ProjectionAdopt {
  std::string name;
  int version = 1;
  std::optional<std::int64_t> position;
  bool yes = false;
};
/// `annals projection adopt`: declares that a checkpoint and its read model belong to this database. Does nothing without
/// `yes`.
host::ExitCode adopt_projection(Invocation& invocation, const ProjectionAdopt& options);

}  // namespace annals::cli
