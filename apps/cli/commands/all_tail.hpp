#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

struct AllTail {
  std::optional<std::int64_t> after;  ///< by default so that about `limit` events are left
  /// With `after` events at most, without end by default; else how many are left, by default these.
  std::optional<std::size_t> limit;
  static constexpr std::size_t left_events = 20;
  bool follow = false;
  std::optional<std::string> category;
};

/// `annals all tail`: the end of the log, and with --follow what comes after it, until SIGINT, SIGTERM or a closed pipe.
host::ExitCode tail_log(Invocation& invocation, const AllTail& options);

}  // namespace annals::cli
