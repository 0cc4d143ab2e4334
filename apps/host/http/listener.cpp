#include "host/http/listener.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "annals/core/error.hpp"

namespace annals::host {
namespace {

constexpr int backlog = 1024;

using Addresses = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { freeaddrinfo(list); })>;

Addresses resolve(const Listen& listen) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(listen.host.c_str(), std::to_string(listen.port).c_str(), &hints, &list) != 0) return {};
  return Addresses{list};
}

/// The socket, or -1 and errno.
int open(const addrinfo& address) {
  const int descriptor = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int yes = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 && ::listen(descriptor, backlog) == 0) {
    return descriptor;
  }
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return -1;
}

}  // namespace

Listener::Listener(const Listen& listen) {
  const auto addresses = resolve(listen);
  errno = EADDRNOTAVAIL;
  for (const auto* address = addresses.get(); address != nullptr && descriptor_ < 0; address = address->ai_next) {
    descriptor_ = open(*address);
  }
  if (descriptor_ >= 0) return;
  throw invalid(fmt::format("http.listen: cannot listen on {}: {}", to_string(listen), std::strerror(errno)),
                "choose another address of this machine, port 0 for any, or \"off\"");
}

Listener::~Listener() { ::close(descriptor_); }

int Listener::port() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

int Listener::accept() const noexcept { return ::accept4(descriptor_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }

}  // namespace annals::host
