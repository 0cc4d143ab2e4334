#pragma once
#include <string>

namespace annals::relayd {

/// How annals-relay ends. Documented in --help and docs/relay.md; never renumber.
enum class ExitCode {
  clean = 0,          ///< stopped or caught up, and nothing was left undelivered in flight
  internal = 1,       ///< a bug or a machine out of memory
  config = 2,         ///< the configuration cannot work
  unavailable = 3,    ///< database or sink away, and --exit-on-unavailable was given
  halted = 4,         ///< a message can never be delivered or has no route
  identity = 5,       ///< the checkpoint contradicts the database
  drain_timeout = 6,  ///< stopped with messages in flight: they are sent again at the next start
};

/// The more serious one decides when several sources end.
[[nodiscard]] ExitCode worse(ExitCode a, ExitCode b) noexcept;
/// The table for --help.
[[nodiscard]] std::string exit_code_help();

}  // namespace annals::relayd
