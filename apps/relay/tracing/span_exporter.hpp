#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "annals/core/backoff.hpp"
#include "relay/remote/http_exchange.hpp"
#include "relay/tracing/span_queue.hpp"
#include "relay/tracing/tracing_options.hpp"

namespace annals::relayd {

/// Brings spans to a collector, by OTLP over HTTP, in batches. A collector that does not answer is asked again with growing pauses, and
/// what comes meanwhile is dropped where the queue is full; a batch that it refuses is dropped.
///
/// Lifecycle      construct -> run() once, on a thread of its own, until a stop; then one last attempt for what is left.
/// Thread safety  run() only. Ownership: borrows the queue.
/// Errors         none: what becomes of spans is told to `count`.
/// Limits         those of TracingOptions; a stop takes at most `timeout` and a moment.
class SpanExporter {
 public:
  /// How many were exported, and how many dropped, since the last call.
  using Count = std::function<void(std::size_t exported, std::size_t dropped)>;

  SpanExporter(TracingOptions options, SpanQueue& queue, Count count);

  void run(const std::stop_token& stop);

 private:
  enum class Outcome { taken, refused, away };
  [[nodiscard]] Outcome send(const std::vector<Span>& batch);
  void settle(std::vector<Span>& batch);
  void pause(const std::stop_token& stop);
  void finish(std::vector<Span> batch);

  const TracingOptions options_;
  SpanQueue& queue_;
  const Count count_;
  HttpExchange exchange_;
  Backoff backoff_;
};

}  // namespace annals::relayd
