#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

struct ShowRetention {
  bool claims = false;  ///< of the payloads of claims, not of the outbox
};
/// `annals outbox retention`: the partitions, what is kept in them for how long, and which relay holds them.
host::ExitCode show_retention(Invocation& invocation, const ShowRetention& options);

struct Retain {
  std::string retain;  ///< an interval, or "forever"
  std::optional<std::string> partition_span;
  std::optional<std::int64_t> partition_rows;
  std::optional<std::string> lock_wait;
  bool claims = false;
};
/// `annals outbox retain`: how long messages are kept that every relay has published.
host::ExitCode set_retention(Invocation& invocation, const Retain& options);

struct Maintain {
  std::int64_t wait_s = 10;  ///< for whoever uses the table
};
/// `annals outbox maintain`: attaches, rolls and drops partitions; what annals-relay does, for cron.
host::ExitCode maintain_outbox(Invocation& invocation, const Maintain& options);

}  // namespace annals::cli
