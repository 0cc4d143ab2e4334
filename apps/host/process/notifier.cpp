#include "host/process/notifier.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "annals/core/text/number.hpp"

namespace annals::host {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Notifier::Notifier() : socket_(environment("NOTIFY_SOCKET")) {
  const auto text = environment("WATCHDOG_USEC");
  const auto microseconds = parse_number<std::int64_t>(text).value_or(0);
  if (microseconds > 0) interval_ = std::chrono::milliseconds{microseconds / 2000 + 1};
}

void Notifier::status(std::string_view text) const { send("STATUS=" + std::string{text}); }

/// Best effort, as sd_notify's own callers do: a service manager that does not listen is no reason to stop.
void Notifier::send(std::string_view state) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof(address.sun_path)) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  static_cast<void>(
      ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), length));
  ::close(fd);
}

}  // namespace annals::host
