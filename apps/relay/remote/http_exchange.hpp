#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace annals::relayd {

struct HttpOptions {
  std::string ca_file = {};                  ///< PEM, in place of the system's certificates
  std::string certificate_file = {};         ///< PEM, for a server that asks who we are
  std::string key_file = {};                 ///< of that certificate
  std::string credentials = {};              ///< "user:password" for basic authentication; secret
  std::chrono::milliseconds timeout{2'000};  ///< of a whole exchange
  std::size_t answer_bytes_max = 4U << 20U;
};

/// With a media type it is a POST, without one a GET.
struct HttpRequest {
  std::string url;
  std::string media_type = {};
  std::string body = {};
};

struct HttpAnswer {
  long status = 0;  ///< 0: there was none
  std::string body = {};
  std::string failure = {};  ///< why there was none
};

/// Asks one HTTP server at a time and never waits longer than it is told. Certificates are checked, nothing but http and https is
/// spoken, redirections and what the environment says of proxies and passwords are ignored.
///
/// Lifecycle      construct -> start(), poll() until it answers, again -> destroy, which gives up what is under way.
/// Thread safety  none; two objects may be used by two threads. libcurl runs a thread to look a name up.
/// Ownership      owns its connections, which are kept for the next exchange.
/// Errors         none but std::bad_alloc: what goes wrong is the answer's failure.
/// Limits         timeout, answer_bytes_max.
class HttpExchange {
 public:
  explicit HttpExchange(HttpOptions options);
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;
  ~HttpExchange();

  /// Not while another is under way.
  void start(HttpRequest request);
  [[nodiscard]] bool is_under_way() const noexcept;
  /// Nothing: it is still under way.
  [[nodiscard]] std::optional<HttpAnswer> poll(std::chrono::milliseconds wait);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::relayd
