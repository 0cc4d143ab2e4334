#include "http_server.hpp"

#include <httplib.h>

#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace annals::tests {

struct HttpServer::Impl {
  Impl(Handler given, std::unique_ptr<httplib::Server> made, std::string scheme_in)
      : handler(std::move(given)), server(std::move(made)), scheme(std::move(scheme_in)) {
    const auto answer = [this](const httplib::Request& request, httplib::Response& response) {
      handle(request, response);
    };
    server->Get(".*", answer);
    server->Post(".*", answer);
    port = server->bind_to_any_port("127.0.0.1");
    if (port <= 0) throw std::runtime_error{"no port for the HTTP server"};
    thread = std::thread{[this] { server->listen_after_bind(); }};
    while (!server->is_running()) std::this_thread::yield();
  }
  ~Impl() {
    server->stop();
    thread.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void handle(const httplib::Request& request, httplib::Response& response) {
    const std::lock_guard lock{mutex};
    requests.push_back({request.method, request.target, request.body, request.get_header_value("Content-Type"),
                        request.get_header_value("Authorization")});
    const auto answer = handler(requests.back());
    response.status = answer.status;
    response.set_content(answer.body, "application/json");
  }

  Handler handler;
  std::unique_ptr<httplib::Server> server;
  std::string scheme;
  int port = 0;
  mutable std::mutex mutex;
  std::vector<Request> requests;
  std::thread thread;
};

HttpServer::HttpServer(Handler handler)
    : impl_(std::make_unique<Impl>(std::move(handler), std::make_unique<httplib::Server>(), "http")) {}

HttpServer::HttpServer(Handler handler, const Certificate& certificate)
    : impl_(std::make_unique<Impl>(
          std::move(handler),
          std::make_unique<httplib::SSLServer>(certificate.chain.c_str(), certificate.key.c_str(),
                                               certificate.client_ca.empty() ? nullptr : certificate.client_ca.c_str()),
          "https")) {}

HttpServer::~HttpServer() = default;

int HttpServer::port() const noexcept { return impl_->port; }
std::string HttpServer::url() const { return impl_->scheme + "://127.0.0.1:" + std::to_string(impl_->port); }

std::vector<HttpServer::Request> HttpServer::requests() const {
  const std::lock_guard lock{impl_->mutex};
  return impl_->requests;
}

}  // namespace annals::tests
