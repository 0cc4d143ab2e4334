#pragma once
#include <atomic>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace shop {

/// The threads of a program: each runs a session, makes it anew after a lost connection, and ends on SIGTERM or SIGINT.
///
///     Service service;                       // first thing in main(): the signals are blocked before any thread starts
///     service.run("payments consumer", [&](std::stop_token stop) { … while (!stop.stop_requested()) step(); });
///     return service.wait();
///
/// Lifecycle      construct -> run() for each thread -> wait() -> destroy.
/// Errors         a session that throws annals::Error {disconnected, overloaded, in_doubt} or a retryable one starts
///                again after a backoff; any other exception ends the whole program with status 1.
class Service {
 public:
  using Session = std::function<void(std::stop_token)>;

  Service();
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  void run(std::string name, Session session);
  /// Blocks until a signal comes or a session fails for good, then stops all; returns the exit status.
  [[nodiscard]] int wait();

 private:
  void keep_running(const std::string& name, const Session& session, const std::stop_token& stop);
  void fail(const std::string& name, const std::string& why);

  std::atomic<bool> failed_ = false;
  std::stop_source stop_;
  std::vector<std::jthread> threads_;
};

}  // namespace shop
