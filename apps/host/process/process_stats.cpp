#include "host/process/process_stats.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace annals::host {
namespace {

/// Fields of /proc/self/stat from the third on (state), which follow the name in parentheses.
std::vector<double> stat_fields() {
  std::ifstream in{"/proc/self/stat"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::istringstream rest{text.substr(text.rfind(')') + 2 < text.size() ? text.rfind(')') + 2 : text.size())};
  std::string state;
  rest >> state;
  std::vector<double> fields{0};
  for (double value = 0; rest >> value;) fields.push_back(value);
  return fields;
}

double boot_time() {
  std::ifstream in{"/proc/stat"};
  for (std::string word; in >> word;) {
    double value = 0;
    if (word == "btime" && in >> value) return value;
  }
  return 0;
}

}  // namespace

ProcessStats read_process_stats() {
  ProcessStats stats;
  const auto fields = stat_fields();
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (fields.size() > 21) {  // numbered as in proc(5), less 3
    stats.cpu_seconds = (fields[11] + fields[12]) / ticks;
    stats.threads = fields[17];
    stats.start_time_seconds = boot_time() + fields[19] / ticks;
    stats.resident_bytes = fields[21] * static_cast<double>(sysconf(_SC_PAGESIZE));
  }
  std::error_code ignored;
  const std::filesystem::directory_iterator fds{"/proc/self/fd", ignored};
  if (!ignored) stats.open_fds = static_cast<double>(std::distance(begin(fds), end(fds)));
  return stats;
}

}  // namespace annals::host
