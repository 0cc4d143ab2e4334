#pragma once
#include <chrono>
#include <cstddef>

namespace annals::postgres {

/// Rows a second that a reader finds: a mean of its last looks, in which each counts as much as the time it stands for.
class ArrivalRate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// The mean follows a change within about `window`.
  explicit ArrivalRate(std::chrono::duration<double> window) noexcept : window_(window) {}

  /// A look found so many rows.
  void note(std::size_t rows, Time now) noexcept;
  [[nodiscard]] double per_second() const noexcept { return rate_; }

 private:
  std::chrono::duration<double> window_;
  double rate_ = 0;
  Time noted_at_;
};

}  // namespace annals::postgres
