#pragma once

namespace annals::host {

/// This process, from /proc; zeros where that cannot be read. Doubles because metrics are.
struct ProcessStats {
  double resident_bytes = 0;
  double cpu_seconds = 0;
  double open_fds = 0;
  double threads = 0;
  double start_time_seconds = 0;  ///< since 1970
};
[[nodiscard]] ProcessStats read_process_stats();

}  // namespace annals::host
