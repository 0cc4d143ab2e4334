#pragma once
#include <atomic>
#include <chrono>

#include "annals/core/clock.hpp"

namespace annals::testing {

/// Time that stands still until it is moved. sleep_for() moves it too and returns at once, so that code which waits
/// runs through in no time.
///
/// Thread safety: all methods are thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = Timestamp{std::chrono::seconds{1'767'225'600}})  // 2026-01-01T00:00:00Z
      : start_(start) {}

  [[nodiscard]] Timestamp now() const override { return start_ + elapsed(); }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point{} + elapsed();
  }
  void sleep_for(std::chrono::milliseconds duration) override {
    if (duration > duration.zero()) advance(duration);
  }

  /// Moves both clocks on; aborts on a negative duration, because steady() must never go back.
  void advance(std::chrono::microseconds duration);
  /// How far it has been moved since it was made.
  [[nodiscard]] std::chrono::microseconds elapsed() const noexcept {
    return std::chrono::microseconds{elapsed_.load()};
  }

 private:
  Timestamp start_;
  std::atomic<std::chrono::microseconds::rep> elapsed_{0};
};

}  // namespace annals::testing
