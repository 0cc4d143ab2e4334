#pragma once
#include <chrono>

#include "annals/core/timestamp.hpp"

namespace annals {

/// Where time comes from, so that a test can move it. Implementations are thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual Timestamp now() const = 0;
  /// For measuring and for deadlines; never goes back.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;
  virtual void sleep_for(std::chrono::milliseconds duration) = 0;
};

/// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp now() const override;
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override;
  void sleep_for(std::chrono::milliseconds duration) override;
};

}  // namespace annals
