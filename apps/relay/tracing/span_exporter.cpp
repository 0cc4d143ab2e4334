#include "relay/tracing/span_exporter.hpp"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <utility>

#include "relay/tracing/otlp.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t answer_bytes_max = 64U << 10U;
constexpr milliseconds look{100};

}  // namespace

SpanExporter::SpanExporter(TracingOptions options, SpanQueue& queue, Count count)
    : options_(std::move(options)),
      queue_(queue),
      count_(std::move(count)),
      exchange_({.ca_file = options_.ca_file, .timeout = options_.timeout, .answer_bytes_max = answer_bytes_max}),
      backoff_(Backoff::Options{.initial = options_.interval, .max = options_.interval * 30}) {}

void SpanExporter::run(const std::stop_token& stop) {
  std::vector<Span> batch;
  while (!stop.stop_requested()) {
    if (batch.empty()) batch = queue_.take(options_.batch_spans_max, options_.interval, stop);
    if (!batch.empty() && !stop.stop_requested()) settle(batch);
    count_(0, queue_.take_dropped());
    if (!batch.empty()) pause(stop);
  }
  finish(std::move(batch));
}

/// One attempt; the batch is empty when it has come to its end.
void SpanExporter::settle(std::vector<Span>& batch) {
  const auto outcome = send(batch);
  if (outcome == Outcome::away) return;
  backoff_.reset();
  const bool taken = outcome == Outcome::taken;
  count_(taken ? batch.size() : 0, taken ? 0 : batch.size());
  batch.clear();
}

SpanExporter::Outcome SpanExporter::send(const std::vector<Span>& batch) {
  exchange_.start({.url = options_.endpoint + "/v1/traces",
                   .media_type = "application/x-protobuf",
                   .body = encode_otlp(batch, options_.service_name)});
  std::optional<HttpAnswer> answer;
  while (!answer) answer = exchange_.poll(look);
  const auto status = answer->status;
  if (status >= 200 && status < 300) return Outcome::taken;
  // By the protocol these may be sent again, and no other.
  return status == 0 || status == 429 || (status >= 502 && status <= 504) ? Outcome::away : Outcome::refused;
}

void SpanExporter::pause(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock{mutex};
  wake.wait_for(lock, stop, backoff_.next(), [] { return false; });
}

/// What is left goes in one request, or not at all.
void SpanExporter::finish(std::vector<Span> batch) {
  auto rest = queue_.take(options_.queue_spans_max, milliseconds{0}, {});
  std::ranges::move(rest, std::back_inserter(batch));
  if (!batch.empty()) settle(batch);
  count_(0, batch.size() + queue_.take_dropped());
}

}  // namespace annals::relayd
