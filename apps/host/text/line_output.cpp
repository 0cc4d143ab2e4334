#include "host/text/line_output.hpp"

#include <climits>

namespace annals::host {
namespace {

/// A pipe that is ready takes this much without blocking.
constexpr std::size_t chunk_bytes = PIPE_BUF;

}  // namespace

std::size_t LineOutput::write(const void* writer, std::string_view bytes,
                              std::chrono::steady_clock::time_point deadline) {
  const std::lock_guard lock{mutex_};
  if (inside_line_ != nullptr && inside_line_ != writer) return 0;
  std::size_t done = 0;
  while (done < bytes.size() && output_.wait_writable(deadline)) {
    if (torn_) {
      torn_ = output_.write_some("\n") == 0;
      continue;
    }
    done += output_.write_some(bytes.substr(done, chunk_bytes));
    if (done > 0) inside_line_ = bytes[done - 1] == '\n' ? nullptr : writer;
  }
  return done;
}

void LineOutput::abandon(const void* writer) {
  const std::lock_guard lock{mutex_};
  if (inside_line_ != writer) return;
  inside_line_ = nullptr;
  torn_ = true;
}

}  // namespace annals::host
