#include "admission/throttle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"

namespace annals::outbox {
namespace {

constexpr std::string_view all_topics = "*";
/// Then it is asked again. A Duration does not hold every quotient of two numbers.
constexpr std::chrono::duration<double> wait_max{std::chrono::hours{1}};

void require(const RateLimit& limit) {
  if (limit.topic != all_topics) require_topic(limit.topic);
  const bool sound = limit.messages_per_second >= 0 && limit.bytes_per_second >= 0 &&
                     std::isfinite(limit.messages_per_second) && std::isfinite(limit.bytes_per_second);
  if (sound) return;
  throw invalid(fmt::format("the rates of topic {} are not numbers from 0 on", printable(limit.topic)),
                "0 is no limit; to stop the relay, stop it");
}

}  // namespace

TokenBucket::Duration TokenBucket::wait(TimePoint now) noexcept {
  if (filled_at_ == TimePoint{}) filled_at_ = now;
  tokens_ = std::min(burst(), tokens_ + per_second_ * std::chrono::duration<double>(now - filled_at_).count());
  filled_at_ = now;
  if (tokens_ > 0) return Duration::zero();
  const auto wait = std::min(std::chrono::duration<double>{-tokens_ / per_second_}, wait_max);
  return std::chrono::duration_cast<Duration>(wait) + Duration{1};
}

Throttle::Throttle(const std::vector<RateLimit>& limits) {
  for (const auto& limit : limits) {
    require(limit);
    const bool known = limit.topic == all_topics ? !all_.empty() : topics_.contains(limit.topic);
    if (known) throw invalid(fmt::format("two limits for topic {}", limit.topic), "keep one of them");
    auto& costs = limit.topic == all_topics ? all_ : topics_[limit.topic];
    if (limit.messages_per_second > 0) costs.push_back({TokenBucket{limit.messages_per_second}, false});
    if (limit.bytes_per_second > 0) costs.push_back({TokenBucket{limit.bytes_per_second}, true});
  }
}

std::vector<Throttle::Cost>* Throttle::of(std::string_view topic) {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second;
}

Throttle::Duration Throttle::wait(std::string_view topic, TimePoint now) {
  auto longest = Duration::zero();
  for (auto& cost : all_) longest = std::max(longest, cost.bucket.wait(now));
  if (auto* own = of(topic)) {
    for (auto& cost : *own) longest = std::max(longest, cost.bucket.wait(now));
  }
  return left_ = longest;
}

void Throttle::take(std::string_view topic, std::size_t bytes) {
  const auto pay = [&](Cost& cost) { cost.bucket.take(cost.of_bytes ? static_cast<double>(bytes) : 1); };
  std::ranges::for_each(all_, pay);
  if (auto* own = of(topic)) std::ranges::for_each(*own, pay);
}

}  // namespace annals::outbox
