#pragma once
#include <mutex>
#include <utility>
#include <vector>

#include "annals/outbox/relay.hpp"

namespace annals::relayd {

/// The rate limits, which may change while the program runs. Thread safety: all methods.
class LiveLimits {
 public:
  using Limits = std::vector<outbox::RateLimit>;

  explicit LiveLimits(Limits limits) : limits_(std::move(limits)) {}

  [[nodiscard]] Limits get() const {
    const std::lock_guard lock{mutex_};
    return limits_;
  }
  void set(Limits limits) {
    const std::lock_guard lock{mutex_};
    limits_ = std::move(limits);
  }

 private:
  mutable std::mutex mutex_;
  Limits limits_;
};

}  // namespace annals::relayd
