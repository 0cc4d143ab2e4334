#include "relay/tracing/span_recorder.hpp"

#include <string>
#include <utility>

namespace annals::relayd {
namespace {

std::string word_for(outbox::Delivery::Outcome outcome) {
  switch (outcome) {
    case outbox::Delivery::Outcome::delivered: return {};
    case outbox::Delivery::Outcome::refused: return "refused";
    case outbox::Delivery::Outcome::undecided: break;
  }
  return "undecided";
}

}  // namespace

SpanRecorder::SpanRecorder(const TracingOptions& options, SpanQueue& queue, Clock& clock)
    : sample_percent_(options.sample_percent),
      open_max_(options.queue_spans_max),
      queue_(queue),
      clock_(clock),
      random_(std::random_device{}()) {}

SpanRecorder::~SpanRecorder() {
  for (auto& [ticket, span] : open_) end(std::move(span), outbox::Delivery::Outcome::undecided);
}

void SpanRecorder::sent(const outbox::MessageView& message) {
  if (message.traceparent.empty()) return;
  const auto context = parse_traceparent(message.traceparent);
  if (!context || !context->is_sampled() || !is_within(*context, sample_percent_)) return;
  if (open_.size() >= open_max_) return queue_.drop();
  Span span;
  span.parent = *context;
  span.trace_state = message.tracestate;
  auto number = random_() | 1U;  // an id of zeros is none
  for (auto& byte : span.id) {
    byte = static_cast<std::uint8_t>(number);
    number >>= 8U;
  }
  span.topic = message.topic;
  span.message_id = message.id.to_string();
  span.begin = clock_.now();
  open_.insert_or_assign(message.ticket, std::move(span));
}

void SpanRecorder::reported(std::span<const outbox::Delivery> deliveries) {
  if (open_.empty()) return;
  for (const auto& delivery : deliveries) {
    const auto found = open_.find(delivery.ticket);
    if (found == open_.end()) continue;
    auto span = std::move(found->second);
    open_.erase(found);
    end(std::move(span), delivery.outcome);
  }
}

void SpanRecorder::end(Span span, outbox::Delivery::Outcome outcome) {
  span.end = clock_.now();
  span.error = word_for(outcome);
  queue_.put(std::move(span));
}

}  // namespace annals::relayd
