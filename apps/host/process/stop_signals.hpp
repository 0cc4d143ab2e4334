#pragma once
#include <chrono>
#include <functional>
#include <thread>

namespace annals::host {

/// From now on SIGINT and SIGTERM only note that the program should stop, and interrupt what its first thread waits for. A
/// second one ends it at once. While one of these lives, a program that is not through in time is given up.
///
/// Lifecycle  one in a process, of the first thread; the signals are noted after its end, too.
class StopSignals {
 public:
  /// `give_up` is called on a thread of its own, `grace` after the first signal, and should end the process.
  StopSignals(std::chrono::milliseconds grace, std::function<void()> give_up);

 private:
  std::jthread watch_;
};

[[nodiscard]] bool stop_requested() noexcept;

}  // namespace annals::host
