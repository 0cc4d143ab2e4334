#pragma once
#include <functional>
#include <memory>
#include <string>

#include "relay/config.hpp"
#include "relay/health.hpp"

namespace annals::relayd {

/// Probes and metrics over HTTP: GET /livez, /readyz, /metrics and nothing else. It changes nothing and shows no
/// message.
///
/// Lifecycle      the constructor binds and answers from threads of its own; the destructor waits for answers under
///                way.
/// Errors         Error{invalid} when the address cannot be bound.
/// Limits         4 threads, 8 KiB a header line, no body, 5 s for each read and write, one request a connection.
///                On loopback the Host header must name loopback, so that no web page can reach it by DNS rebinding.
class HttpEndpoint {
 public:
  struct Handlers {
    std::function<Health::Answer()> live;
    std::function<Health::Answer()> ready;
    std::function<std::string()> metrics;
  };

  HttpEndpoint(const host::Listen& listen, Handlers handlers);
  ~HttpEndpoint();
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  /// With the port that was taken when 0 was asked for.
  [[nodiscard]] const host::Listen& address() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// True when a Host header names loopback: "localhost", "127.…" or "[::1]", with or without a port.
[[nodiscard]] bool is_loopback_host(const std::string& header);

}  // namespace annals::relayd
