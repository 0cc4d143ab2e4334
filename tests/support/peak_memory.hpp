#pragma once
#include <sys/types.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace annals::tests {

/// The most memory that a process has had so far (VmHWM), in bytes; 0 when it has ended.
inline std::int64_t peak_memory_bytes(pid_t pid) {
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  for (std::string name; status >> name;) {
    std::int64_t kilobytes = 0;
    if (name == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

/// From now on it counts anew, of this process.
inline void reset_peak_memory() { std::ofstream{"/proc/self/clear_refs"} << 5; }

}  // namespace annals::tests
