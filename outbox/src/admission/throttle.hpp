#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "annals/outbox/relay.hpp"

namespace annals::outbox {

/// Lets so much through a second, and a tenth of that at once. What costs more than there is goes through in debt, so that
/// nothing is too large ever to go: the mean holds. A plain value without a clock.
class TokenBucket {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  explicit TokenBucket(double per_second) noexcept : per_second_(per_second), tokens_(burst()) {}

  /// How long until the next may go; zero: now.
  [[nodiscard]] Duration wait(TimePoint now) noexcept;
  void take(double cost) noexcept { tokens_ -= cost; }

 private:
  [[nodiscard]] double burst() const noexcept { return per_second_ / 10; }

  double per_second_;
  double tokens_;
  TimePoint filled_at_{};
};

/// When the next message may go by all limits that it is under. Not thread-safe; no I/O.
class Throttle {
 public:
  using TimePoint = TokenBucket::TimePoint;
  using Duration = TokenBucket::Duration;

  /// Throws Error{invalid} for limits that cannot be meant.
  explicit Throttle(const std::vector<RateLimit>& limits);

  /// How long until a message to the topic may go; zero: now.
  Duration wait(std::string_view topic, TimePoint now);
  /// What wait() returned last: how long the next one is held up. go(): nothing is known to be.
  [[nodiscard]] Duration left() const noexcept { return left_; }
  void go() noexcept { left_ = Duration::zero(); }
  void take(std::string_view topic, std::size_t bytes);

 private:
  struct Cost {
    TokenBucket bucket;
    bool of_bytes;
  };
  [[nodiscard]] std::vector<Cost>* of(std::string_view topic);

  Duration left_{0};
  std::vector<Cost> all_;
  std::map<std::string, std::vector<Cost>, std::less<>> topics_;
};

}  // namespace annals::outbox
