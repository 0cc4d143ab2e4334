#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <vector>

#include "relay/tracing/span.hpp"

namespace annals::relayd {

/// Spans on their way from those who publish to the one who exports. Whoever puts one in never waits: where there is no room it is
/// dropped and counted.
///
/// Thread safety  all methods. Limits: `spans_max`.
class SpanQueue {
 public:
  explicit SpanQueue(std::size_t spans_max) : spans_max_(spans_max) {}

  void put(Span span);
  /// Counts one that was not even begun.
  void drop();
  /// At most `count` of them; waits until there are so many, `wait` has passed or a stop is asked for.
  [[nodiscard]] std::vector<Span> take(std::size_t count, std::chrono::milliseconds wait, const std::stop_token& stop);
  /// Dropped since the last call.
  [[nodiscard]] std::size_t take_dropped();

 private:
  const std::size_t spans_max_;
  std::mutex mutex_;
  std::condition_variable_any enough_;
  std::vector<Span> spans_;
  std::size_t wanted_ = 1;  ///< by who waits
  std::size_t dropped_ = 0;
};

}  // namespace annals::relayd
