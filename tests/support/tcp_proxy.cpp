#include "support/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace annals::tests {
namespace {

sockaddr_in address_of(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw std::invalid_argument{host};
  return address;
}

int checked(int result, const char* what) {
  if (result < 0) throw std::system_error{errno, std::generic_category(), what};
  return result;
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }
  void shut() const noexcept { ::shutdown(fd_, SHUT_RDWR); }

 private:
  int fd_;
};

int new_socket() { return checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"); }

bool send_all(int fd, const char* from, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(fd, from, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    from += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

struct TcpProxy::Impl {
  /// One client and the connection to the server made for it; a thread each way.
  struct Link {
    Link(Impl& proxy, int client_fd, int server_fd)
        : client(client_fd),
          server(server_fd),
          up([this, &proxy] { proxy.pump(client, server); }),
          down([this, &proxy] { proxy.pump(server, client); }) {}
    Socket client;
    Socket server;
    std::jthread up;
    std::jthread down;
  };

  Impl(const std::string& host, int port) : upstream(address_of(host, port)), listener(new_socket()) {
    auto own = address_of("127.0.0.1", 0);
    socklen_t size = sizeof own;
    checked(::bind(listener.fd(), reinterpret_cast<sockaddr*>(&own), size), "bind");
    checked(::listen(listener.fd(), 64), "listen");
    checked(::getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&own), &size), "getsockname");
    own_port = ntohs(own.sin_port);
    acceptor = std::jthread{[this] { accept_all(); }};
  }

  ~Impl() {
    set(frozen, false);
    set(holds_new, false);
    listener.shut();
    acceptor.join();
    for (auto& link : links) shut(link);
  }

  void accept_all() {
    for (int client = 0; (client = ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      {
        std::unique_lock open{gate};
        thawed.wait(open, [&] { return !holds_new; });
      }
      const int server = new_socket();
      if (::connect(server, reinterpret_cast<const sockaddr*>(&upstream), sizeof upstream) != 0) {
        ::close(client);
        ::close(server);
        continue;
      }
      const std::lock_guard lock{mutex};
      links.emplace_back(*this, client, server);
    }
  }

  /// Forwards one way until an end closes. The gate is held over the send, so that freeze() returns after it.
  void pump(const Socket& from, const Socket& to) {
    std::array<char, std::size_t{64} * 1024> buffer{};
    ssize_t got = 0;
    while ((got = ::recv(from.fd(), buffer.data(), buffer.size(), 0)) > 0) {
      std::unique_lock open{gate};
      thawed.wait(open, [&] { return !frozen; });
      if (!send_all(to.fd(), buffer.data(), static_cast<std::size_t>(got))) break;
    }
    std::unique_lock open{gate};  // a close does not pass a frozen network either
    thawed.wait(open, [&] { return !frozen; });
    from.shut();
    to.shut();
  }

  void set(bool& state, bool value) {
    {
      const std::lock_guard lock{gate};
      state = value;
    }
    thawed.notify_all();
  }

  static void shut(const Link& link) noexcept {
    link.client.shut();
    link.server.shut();
  }

  sockaddr_in upstream;
  Socket listener;
  int own_port = 0;
  std::mutex gate;
  std::condition_variable thawed;
  bool frozen = false;
  bool holds_new = false;
  std::mutex mutex;  // links
  std::list<Link> links;
  std::jthread acceptor;
};

TcpProxy::TcpProxy(const std::string& address, int port) : impl_(std::make_unique<Impl>(address, port)) {}
TcpProxy::~TcpProxy() = default;

int TcpProxy::port() const noexcept { return impl_->own_port; }
void TcpProxy::freeze() { impl_->set(impl_->frozen, true); }
void TcpProxy::hold_new() { impl_->set(impl_->holds_new, true); }
void TcpProxy::thaw() {
  impl_->set(impl_->frozen, false);
  impl_->set(impl_->holds_new, false);
}

void TcpProxy::cut() {
  const std::lock_guard lock{impl_->mutex};
  for (auto& link : impl_->links) Impl::shut(link);
}

}  // namespace annals::tests
