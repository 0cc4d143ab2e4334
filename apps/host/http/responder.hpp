#pragma once
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "host/http/listen.hpp"

namespace annals::host {

/// Answers GET requests for a few fixed paths, such as probes and metrics, and nothing else.
///
/// Lifecycle      the constructor binds and answers from one thread of its own; the destructor ends it.
/// Ownership      keeps the handlers, which run on that thread and must not wait.
/// Errors         Error{invalid} when the address cannot be bound. A handler that throws is answered with 500.
/// Limits         connections_max, beyond which the oldest gives way: who asks and listens is served within
///                milliseconds, who only holds a connection loses it. request_bytes_max and Connection::patience for
///                each request, no body, one request a connection. On loopback the Host header must name loopback, so
///                that no web page can reach it by DNS rebinding.
class Responder {
 public:
  struct Answer {
    int status = 200;
    std::string body;
    std::string content_type = "text/plain; charset=utf-8";
  };
  using Handlers = std::map<std::string, std::function<Answer()>, std::less<>>;

  static constexpr std::size_t connections_max = 16;

  Responder(const Listen& listen, Handlers handlers);
  ~Responder();
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// With the port that was taken when 0 was asked for.
  [[nodiscard]] const Listen& address() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::host
