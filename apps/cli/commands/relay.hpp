#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

/// `annals relay status`: every relay's checkpoint, lag and owner.
host::ExitCode show_relay_status(Invocation& invocation);

struct RelayAdopt {
  std::string relay = "relay";
  std::string table = "outbox";
  std::optional<std::int64_t> position;
  bool yes = false;
};
/// `annals relay adopt`: declares that a checkpoint belongs to this database. Does nothing without `yes`.
host::ExitCode adopt_relay(Invocation& invocation, const RelayAdopt& options);

}  // namespace annals::cli
