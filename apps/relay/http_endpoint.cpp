#include "relay/http_endpoint.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <atomic>
#include <thread>

#include "annals/core/error.hpp"

namespace annals::relayd {
namespace {

constexpr std::size_t threads = 4;
constexpr std::size_t body_bytes_max = 1024;
constexpr time_t timeout_seconds = 5;
constexpr auto plain = "text/plain; charset=utf-8";

void answer(httplib::Response& response, const Health::Answer& answer) {
  response.status = answer.good ? 200 : 503;
  response.set_content(answer.text, plain);
}

httplib::Server::HandlerResponse refuse(httplib::Response& response, int status, const char* text) {
  response.status = status;
  response.set_content(text, plain);
  return httplib::Server::HandlerResponse::Handled;
}

void set_limits(httplib::Server& server) {
  server.new_task_queue = [] { return new httplib::ThreadPool(threads); };  // httplib takes ownership
  server.set_payload_max_length(body_bytes_max);
  server.set_read_timeout(timeout_seconds);
  server.set_write_timeout(timeout_seconds);
  // A refused request may have a body that nobody reads: the connection must not be used again.
  server.set_keep_alive_max_count(1);
  // Not SO_REUSEPORT, httplib's default, which would let two relays share a port without a word.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_default_headers({{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}});
  // The default one tells the exception's text to whoever asks.
  server.set_exception_handler([](const auto&, auto& response, const std::exception_ptr&) {
    response.status = 500;
    response.set_content("internal error\n", plain);
  });
}

}  // namespace

bool is_loopback_host(const std::string& header) {
  const auto colon = header.rfind(':');
  const bool bracketed = !header.empty() && header.back() == ']';
  auto host = colon == std::string::npos || bracketed ? header : header.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const bool digits = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "::1" || (digits && host.rfind("127.", 0) == 0);
}

struct HttpEndpoint::Impl {
  Impl(host::Listen listen, Handlers handlers) : address(std::move(listen)), handlers_(std::move(handlers)) {
    set_limits(server);
    set_guard();
    server.Get("/livez", [this](const auto&, auto& response) { answer(response, handlers_.live()); });
    server.Get("/readyz", [this](const auto&, auto& response) { answer(response, handlers_.ready()); });
    server.Get("/metrics", [this](const auto&, auto& response) {
      response.set_content(handlers_.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    });
    bind();
    thread = std::jthread{[this] {
      server.listen_after_bind();
      ended = true;
    }};
    // stop() does nothing before this: the destructor would wait for ever.
    while (!server.is_running() && !ended) std::this_thread::yield();
  }

  void set_guard() {
    const bool loopback = address.is_loopback();
    server.set_pre_routing_handler([loopback](const auto& request, auto& response) {
      if (request.method != "GET") {
        response.set_header("Allow", "GET");
        return refuse(response, 405, "only GET\n");
      }
      if (loopback && !is_loopback_host(request.get_header_value("Host"))) {
        return refuse(response, 403, "this Host is not allowed\n");
      }
      return httplib::Server::HandlerResponse::Unhandled;
    });
  }

  void bind() {
    if (address.port == 0) {
      address.port = server.bind_to_any_port(address.host);
    } else if (!server.bind_to_port(address.host, address.port)) {
      address.port = -1;
    }
    if (address.port > 0) return;
    throw invalid(
        fmt::format("http.listen: cannot listen on {}, port in use or address not of this machine", address.host),
        "choose another address, port 0 for any, or \"off\"");
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { server.stop(); }

  host::Listen address;
  Handlers handlers_;
  httplib::Server server;
  std::atomic<bool> ended = false;
  std::jthread thread;
};

HttpEndpoint::HttpEndpoint(const host::Listen& listen, Handlers handlers)
    : impl_(std::make_unique<Impl>(listen, std::move(handlers))) {}
HttpEndpoint::~HttpEndpoint() = default;
const host::Listen& HttpEndpoint::address() const noexcept { return impl_->address; }

}  // namespace annals::relayd
