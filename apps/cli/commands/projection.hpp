#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/failure.hpp"
#include "cli/invocation.hpp"

namespace annals::cli {

/// `annals projection list`: every projection's checkpoint, lag and owner.
host::ExitCode list_projections(Invocation& invocation);

struct ProjectionName {
  std::string name;
  int version = 1;
};
/// As messages name it.
[[nodiscard]] std::string label(const ProjectionName& projection);
/// That it is not there.
[[nodiscard]] Failure no_such_projection(const ProjectionName& projection);

struct ProjectionWait : ProjectionName {
  int ownerless_max_s = 15;  ///< seconds: a service that restarts is back sooner, one that was forgotten never comes
};
/// `annals projection wait`: until its read model holds what the log has now; shows how far it is. ExitCode::unavailable when
/// nobody runs it.
host::ExitCode wait_for_projection(Invocation& invocation, const ProjectionWait& options);

struct ProjectionReset : ProjectionWait {
  bool yes = false;
  bool wait = false;  ///< until it has caught up again
};
/// `annals projection reset`: asks its runner to empty the read model and to replay from zero. Does nothing without `yes`.
host::ExitCode reset_projection(Invocation& invocation, const ProjectionReset& options);

struct ProjectionAdopt : ProjectionName {
  std::optional<std::int64_t> position;
  bool yes = false;
};
/// `annals projection adopt`: declares that a checkpoint and its read model belong to this database. Does nothing without
/// `yes`.
host::ExitCode adopt_projection(Invocation& invocation, const ProjectionAdopt& options);

}  // namespace annals::cli
