#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace annals::tests {

/// A real HTTP server on a loopback port of its own, for what asks one. Its handler runs in threads of the server, one at a time.
class HttpServer {
 public:
  struct Request {
    std::string method;
    std::string path;  ///< with its query
    std::string body;
    std::string media_type;
    std::string authorization;
  };
  struct Answer {
    int status = 200;
    std::string body = {};
  };
  using Handler = std::function<Answer(const Request&)>;
  /// PEM files: it speaks TLS.
  struct Certificate {
    std::string chain;
    std::string key;
    std::string client_ca = {};  ///< asks who comes for a certificate, which one of these has signed
  };

  explicit HttpServer(Handler handler);
  HttpServer(Handler handler, const Certificate& certificate);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] int port() const noexcept;
  [[nodiscard]] std::string url() const;
  /// What was asked so far.
  [[nodiscard]] std::vector<Request> requests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::tests
