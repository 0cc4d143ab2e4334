#include "client/sockets.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace annals::kafka {

int Sockets::open(int domain, int type, int protocol) {
  const std::lock_guard lock{mutex_};
  if (cut_) {
    errno = ENETDOWN;
    return -1;
  }
  const int descriptor = ::socket(domain, type | SOCK_CLOEXEC, protocol);
  if (descriptor >= 0) open_.insert(descriptor);
  return descriptor;
}

int Sockets::close(int descriptor) {
  const std::lock_guard lock{mutex_};  // until it is closed its number cannot be somebody else's
  open_.erase(descriptor);
  return ::close(descriptor);
}

void Sockets::cut() {
  const std::lock_guard lock{mutex_};
  cut_ = true;
  for (const int descriptor : open_) (void)::shutdown(descriptor, SHUT_RDWR);
}

}  // namespace annals::kafka
