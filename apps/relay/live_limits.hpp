#pragma once
#include <cstddef>
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

  /// What one of so many shards may do: an equal part, so that all of them keep to the limits, in however many processes they run.
  [[nodiscard]] Limits share(std::size_t shards) const {
    const std::lock_guard lock{mutex_};
    auto parts = limits_;
    for (auto& limit : parts) {
      limit.messages_per_second /= static_cast<double>(shards);
      limit.bytes_per_second /= static_cast<double>(shards);
    }
    return parts;
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
