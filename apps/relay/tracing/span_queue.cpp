#include "relay/tracing/span_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace annals::relayd {

void SpanQueue::put(Span span) {
  const std::lock_guard lock{mutex_};
  if (spans_.size() >= spans_max_) {
    ++dropped_;
    return;
  }
  spans_.push_back(std::move(span));
  if (spans_.size() == wanted_) enough_.notify_one();
}

void SpanQueue::drop() {
  const std::lock_guard lock{mutex_};
  ++dropped_;
}

std::vector<Span> SpanQueue::take(std::size_t count, std::chrono::milliseconds wait, const std::stop_token& stop) {
  std::unique_lock lock{mutex_};
  wanted_ = std::min(count, spans_max_);
  enough_.wait_for(lock, stop, wait, [&] { return spans_.size() >= wanted_; });
  const auto end = spans_.begin() + static_cast<std::ptrdiff_t>(std::min(count, spans_.size()));
  std::vector<Span> taken{std::make_move_iterator(spans_.begin()), std::make_move_iterator(end)};
  spans_.erase(spans_.begin(), end);
  return taken;
}

std::size_t SpanQueue::take_dropped() {
  const std::lock_guard lock{mutex_};
  return std::exchange(dropped_, 0);
}

}  // namespace annals::relayd
