#pragma once
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

/// `annals relay check`: what the tables of [[own_outbox]] in the relay's configuration lack, with the SQL that mends it. Changes nothing.
host::ExitCode check_own_outboxes(Invocation& invocation);

struct RelayTakeOver {
  std::string relay = "relay";
  std::string log;   ///< the table
  std::string slot;  ///< of whoever publishes the table today
  int wait_s = 120;
  bool yes = false;
};
/// `annals relay take-over`: gives a relay that is new the place from which on it publishes what the reader of a replication slot published
/// until now. Does nothing without `yes`.
host::ExitCode take_over_slot(Invocation& invocation, const RelayTakeOver& options);

}  // namespace annals::cli
