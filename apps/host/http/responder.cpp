// One thread and one poll(): nobody who dribbles bytes, holds connections or sends without end keeps others waiting,
// takes more memory than connections_max requests, or more descriptors than connections_max and three.
#include "host/http/responder.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <thread>
#include <vector>

#include "annals/core/error.hpp"
#include "host/http/connection.hpp"
#include "host/http/listener.hpp"
#include "host/http/request.hpp"

namespace annals::host {
namespace {

using Clock = std::chrono::steady_clock;

/// Between two looks at the deadlines, and after accept() failed for want of descriptors.
constexpr int tick_ms = 100;
constexpr int accepts_a_turn = 8;

std::string_view phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
  }
}

std::string encoded(const Responder::Answer& answer) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\n{}Connection: close\r\n\r\n{}",
      answer.status, phrase(answer.status), answer.content_type, answer.body.size(),
      answer.status == 405 ? "Allow: GET\r\n" : "", answer.body);
}

Responder::Answer refusal(int status) { return {.status = status, .body = fmt::format("{}\n", phrase(status))}; }

/// The descriptor that wakes poll() to end.
class Wake {
 public:
  Wake() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0)
      throw Error{
          ErrorKind::failed, "no descriptor is left", {.hint = "raise the limit on open files", .sqlstate = {}}};
  }
  ~Wake() { ::close(descriptor_); }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;
  void set() const noexcept { static_cast<void>(::eventfd_write(descriptor_, 1)); }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

struct Responder::Impl {
  Impl(const Listen& listen, Handlers given)
      : handlers(std::move(given)), listener(listen), address{listen.host, listener.port()} {
    thread = std::jthread{[this](const std::stop_token& stop) { run(stop); }};
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    thread.request_stop();
    wake.set();
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) turn();
  }

  void turn() {
    std::vector<pollfd> entries;
    for (const auto& connection : connections) entries.push_back({connection.descriptor(), connection.events(), 0});
    entries.push_back({wake.descriptor(), POLLIN, 0});
    entries.push_back({out_of_descriptors ? -1 : listener.descriptor(), POLLIN, 0});
    out_of_descriptors = false;
    ::poll(entries.data(), entries.size(), tick_ms);
    const auto now = Clock::now();
    // Whoever is there already comes first: a newcomer may take the place of the oldest.
    for (std::size_t i = 0; i < connections.size(); ++i) {
      if (entries[i].revents != 0) connections[i].advance(now, respond);
    }
    std::erase_if(connections, [&](const Connection& connection) { return connection.done(now); });
    if (entries.back().revents != 0) accept_some(now);
  }

  void accept_some(Clock::time_point now) {
    for (int i = 0; i < accepts_a_turn; ++i) {
      const int descriptor = listener.accept();
      if (descriptor < 0) {
        out_of_descriptors = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (out_of_descriptors && !connections.empty()) connections.pop_front();
        return;
      }
      if (connections.size() >= connections_max) connections.pop_front();
      connections.emplace_back(descriptor, now);
    }
  }

  [[nodiscard]] Answer answer(std::string_view head, bool complete) const {
    if (!complete) return refusal(head.find("\r\n") == std::string_view::npos ? 414 : 431);
    const auto request = parse_request(head);
    if (request.refusal != 0) return refusal(request.refusal);
    if (address.is_loopback() && !is_loopback_host(request.host)) return refusal(403);
    const auto handler = handlers.find(request.path);
    if (handler == handlers.end()) return refusal(404);
    try {
      return handler->second();
    } catch (const std::exception&) {
      return refusal(500);  // the exception's text is nothing for strangers
    }
  }

  const Handlers handlers;
  const Listener listener;
  const Listen address;
  const Wake wake;
  const Connection::Respond respond = [this](std::string_view head, bool complete) {
    return encoded(answer(head, complete));
  };
  std::deque<Connection> connections;  // oldest first; the thread's alone
  bool out_of_descriptors = false;
  std::jthread thread;
};

Responder::Responder(const Listen& listen, Handlers handlers)
    : impl_(std::make_unique<Impl>(listen, std::move(handlers))) {}
Responder::~Responder() = default;
const Listen& Responder::address() const noexcept { return impl_->address; }

}  // namespace annals::host
