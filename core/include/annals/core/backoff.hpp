#pragma once
#include <chrono>
#include <cstdint>

namespace annals {

/// Exponential backoff with full jitter (each wait is random in [0, ceiling], the ceiling doubles up to `max`).
/// Not thread-safe: one a loop.
class Backoff {
 public:
  struct Options {
    std::chrono::milliseconds initial{50};
    std::chrono::milliseconds max{5000};
    std::uint64_t seed = 0;  ///< 0 draws one from the system
  };

  Backoff() : Backoff(Options{}) {}
  explicit Backoff(Options options);

  /// How long to wait before the next attempt.
  [[nodiscard]] std::chrono::milliseconds next();
  /// After a success.
  void reset() noexcept;
  [[nodiscard]] int attempts() const noexcept { return attempts_; }

 private:
  Options options_;
  std::uint64_t state_;
  std::chrono::milliseconds ceiling_;
  int attempts_ = 0;
};

}  // namespace annals
