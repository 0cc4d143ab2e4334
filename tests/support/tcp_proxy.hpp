#pragma once
#include <cstdint>
#include <memory>
#include <string>

namespace annals::tests {

/// A port on 127.0.0.1 that forwards to a server, and can do what networks do: go silent without closing anything, come
/// back, or drop every connection.
///
/// Lifecycle      listens from construction to destruction, which drops what is left.
/// Thread safety  all methods are thread-safe.
/// Limits         kernels at both ends go on acknowledging while it is frozen: only the application is silent.
class TcpProxy {
 public:
  TcpProxy(const std::string& address, int port);  ///< of the server; a numeric IPv4 address
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  [[nodiscard]] int port() const noexcept;

  void freeze();    ///< from its return no byte passes, either way; connections stay open, new ones wait
  void hold_new();  ///< connections made from now on are taken and wait; those that are there go on
  void thaw();      ///< what waited passes, in order
  void cut();       ///< ends every connection there is; new ones are taken as before

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::tests
