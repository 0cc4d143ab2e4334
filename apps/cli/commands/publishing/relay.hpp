#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "annals/postgres/message_log.hpp"
#include "cli/invocation.hpp"

namespace annals::cli {

/// Throws Failure{not_found} with that hint when the relay has no checkpoint.
void require_relay(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& name,
                   const std::string& hint);

/// `annals relay status`: every relay's checkpoint, lag and owner.
host::ExitCode show_relay_status(Invocation& invocation);

/// `annals relay instances`: the processes of all relays.
host::ExitCode show_relay_instances(Invocation& invocation);

struct RelayShards {
  std::string relay = "relay";
  std::string log = "outbox";
  std::optional<std::size_t> number;
};
/// `annals relay shards`: how many shards a relay has; with a number, how many it is to have.
host::ExitCode change_relay_shards(Invocation& invocation, const RelayShards& options);

struct RelayAdopt {
  std::string relay = "relay";
  std::string log = "outbox";
  std::optional<std::int64_t> position;
  bool yes = false;
};
/// `annals relay adopt`: declares that a checkpoint belongs to this database. Does nothing without `yes`.
host::ExitCode adopt_relay(Invocation& invocation, const RelayAdopt& options);

struct RelayForget {
  std::string relay;
  std::string log = "outbox";
  bool yes = false;
};
/// `annals relay forget`: removes a checkpoint for good. Does nothing without `yes`.
host::ExitCode forget_relay(Invocation& invocation, const RelayForget& options);

struct RelayRepair {
  std::string relay = "relay";
  std::string log = "outbox";
};
/// `annals relay repair`: what the checkpoint, the database and the broker say of each other, and what can be done.
host::ExitCode examine_relay(Invocation& invocation, const RelayRepair& options);

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
