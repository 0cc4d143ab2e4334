#include "host/text/descriptor.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "annals/core/error.hpp"

namespace annals::host {
namespace {

using std::chrono::milliseconds;

/// So that a deadline far away is none that poll() does not know.
constexpr milliseconds poll_max{60'000};

Error closed() {
  return Error{ErrorKind::disconnected,
               "the output is closed by its reader",
               {.hint = "start the program again with a reader that stays"}};
}

}  // namespace

bool Descriptor::wait_writable(std::chrono::steady_clock::time_point deadline) const {
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd entry{.fd = fd_, .events = POLLOUT, .revents = 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp(left, milliseconds{0}, poll_max).count()));
  if ((entry.revents & POLLERR) != 0) throw closed();  // write() says better what else is wrong
  return ready > 0;
}

std::size_t Descriptor::write_some(std::string_view bytes) const {
  const auto written = ::write(fd_, bytes.data(), bytes.size());
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno == EINTR || errno == EAGAIN) return 0;
  if (errno == EPIPE) throw closed();
  throw Error{ErrorKind::failed,
              fmt::format("cannot write the output: {}", std::strerror(errno)),
              {.hint = "check the disk and the reader"}};
}

bool Descriptor::has_reader() const noexcept {
  pollfd entry{.fd = fd_, .events = POLLOUT, .revents = 0};
  return ::poll(&entry, 1, 0) >= 0 && (entry.revents & (POLLERR | POLLNVAL)) == 0;
}

}  // namespace annals::host
