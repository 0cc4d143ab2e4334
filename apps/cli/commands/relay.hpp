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
  std::string log = "outbox";
  std::optional<std::int64_t> position;
  bool yes = false;
};
/// `annals relay adopt`: declares that a checkpoint belongs to this database. Does nothing without `yes`.
host::ExitCode adopt_relay(Invocation& invocation, const RelayAdopt& options);

struct RelaySkip {
  std::string relay = "relay";
  std::string log = "outbox";
  std::int64_t position = 0;
  std::string id;
  std::string reason;
};
/// `annals relay skip`: gives up exactly one message, on record.
host::ExitCode skip_relay_message(Invocation& invocation, const RelaySkip& options);

}  // namespace annals::cli
