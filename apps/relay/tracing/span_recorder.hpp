#pragma once
#include <cstdint>
#include <map>
#include <random>
#include <span>

#include "annals/core/clock.hpp"
#include "annals/outbox/sink.hpp"
#include "relay/tracing/span_queue.hpp"
#include "relay/tracing/tracing_options.hpp"

namespace annals::relayd {

/// Makes a span of each message that belongs to a sampled trace: from when a sink took it to when it was reported. Messages without a
/// trace begin none. Those that are on their way when it ends, because their sink is given up, end with it, undecided: the message is sent
/// again, and that is another span.
///
/// Thread safety  none: that of its sink. Ownership: borrows queue and clock.
/// Limits         queue_spans_max messages that are on their way; of more there is no span.
class SpanRecorder {
 public:
  SpanRecorder(const TracingOptions& options, SpanQueue& queue, Clock& clock);
  ~SpanRecorder();
  SpanRecorder(SpanRecorder&& other) noexcept = default;
  SpanRecorder(const SpanRecorder&) = delete;
  SpanRecorder& operator=(SpanRecorder&&) = delete;
  SpanRecorder& operator=(const SpanRecorder&) = delete;

  void sent(const outbox::MessageView& message);
  void reported(std::span<const outbox::Delivery> deliveries);

 private:
  void end(Span span, outbox::Delivery::Outcome outcome);

  const int sample_percent_;
  const std::size_t open_max_;
  SpanQueue& queue_;
  Clock& clock_;
  std::mt19937_64 random_;
  std::map<std::int64_t, Span> open_;  ///< by ticket
};

}  // namespace annals::relayd
