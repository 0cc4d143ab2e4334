#pragma once
#include <memory>
#include <stop_token>
#include <string>

#include "annals/postgres/transact.hpp"

namespace shop::orders {

/// Serves the read model as JSON: GET /orders/{id}, GET /orders?state=paid (100 at most). It asks nobody who they are: it is
/// for loopback, or for a container whose port is published on loopback, and answers only to this host's own names. Why it
/// cannot answer goes to the log alone.
///
/// Lifecycle      construct (binds) -> serve() until stopped -> destroy.
/// Ownership      borrows the pool.
/// Errors         the constructor throws annals::Error when the port is taken.
class StatusServer {
 public:
  struct Address {
    std::string host = "127.0.0.1";
    int port = 0;  ///< 0 is any free one
  };
  StatusServer(annals::postgres::PqxxPool& pool, const Address& address);
  ~StatusServer();
  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;

  [[nodiscard]] int port() const noexcept;
  void serve(const std::stop_token& stop);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace shop::orders
