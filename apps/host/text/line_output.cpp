#include "host/text/line_output.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

#include "annals/core/error.hpp"

namespace annals::host {
namespace {

/// A pipe that is ready takes this much without blocking.
constexpr std::size_t chunk_bytes = PIPE_BUF;

Error closed() {
  return Error{ErrorKind::disconnected,
               "standard output is closed by its reader",
               {.hint = "start annals-relay again with a reader that stays", .sqlstate = {}}};
}

}  // namespace

bool LineOutput::has_reader() const {
  pollfd entry{.fd = fd_, .events = POLLOUT, .revents = 0};
  return ::poll(&entry, 1, 0) >= 0 && (entry.revents & (POLLERR | POLLNVAL)) == 0;
}

bool LineOutput::wait_writable(std::chrono::steady_clock::time_point deadline) const {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd entry{.fd = fd_, .events = POLLOUT, .revents = 0};
  const int ready =
      ::poll(&entry, 1, static_cast<int>(std::clamp(left, milliseconds{0}, milliseconds{60'000}).count()));
  if ((entry.revents & (POLLERR | POLLNVAL)) != 0) throw closed();
  return ready > 0;
}

std::size_t LineOutput::write_some(std::string_view bytes) {
  const auto written = ::write(fd_, bytes.data(), std::min(bytes.size(), chunk_bytes));
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EINTR || errno == EAGAIN) return 0;
  if (errno == EPIPE) throw closed();
  throw Error{ErrorKind::failed,
              fmt::format("write to standard output: {}", std::strerror(errno)),
              {.hint = "check the disk and the reader", .sqlstate = {}}};
}

std::size_t LineOutput::write(const void* writer, std::string_view bytes,
                              std::chrono::steady_clock::time_point deadline) {
  const std::lock_guard lock{mutex_};
  if (inside_line_ != nullptr && inside_line_ != writer) return 0;
  std::size_t done = 0;
  while (done < bytes.size() && wait_writable(deadline)) {
    if (torn_) {
      torn_ = write_some("\n") == 0;
      continue;
    }
    done += write_some(bytes.substr(done));
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
