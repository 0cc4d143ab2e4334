#pragma once
#include <functional>
#include <thread>

namespace annals::host {

/// Waits for SIGINT and SIGTERM, and SIGHUP where it means something, on a thread of its own, so that everything about them runs as ordinary code.
///
/// Blocks them in the calling thread, which must be the first: threads made later inherit that. The first signal calls
/// `on_stop`; a second one ends the process at once with 128 + its number. Each SIGHUP calls
/// `on_hangup`; without one it ends the process as ever. SIGPIPE is ignored.
class SignalThread {
 public:
  explicit SignalThread(std::function<void(int signal)> on_stop, std::function<void()> on_hangup = {});
  ~SignalThread();
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

 private:
  std::jthread thread_;
};

}  // namespace annals::host
