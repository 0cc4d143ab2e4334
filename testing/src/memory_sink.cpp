#include "annals/testing/memory_sink.hpp"

#include <algorithm>
#include <map>

#include "annals/core/error.hpp"

namespace annals::testing {
namespace {

Error refusal(std::string_view message, std::string_view hint) {
  return Error{ErrorKind::refused, message, {.hint = std::string{hint}}};
}

}  // namespace

MemorySink::MemorySink(Options options)
    : options_(options),
      own_log_(std::make_unique<MemoryLog>()),
      log_(own_log_.get()),
      random_(options.shuffle_seed.value_or(0)) {}
MemorySink::MemorySink(MemoryLog& log, Options options)
    : options_(options), log_(&log), random_(options.shuffle_seed.value_or(0)) {}

void MemorySink::require_whole() const {
  if (broken_) throw Error{ErrorKind::disconnected, "the memory sink is broken", {.hint = "make a new one"}};
}

outbox::Sink::Send MemorySink::send(const outbox::MessageView& message) {
  require_whole();
  if (queue_.size() >= options_.queue_max) return Send::full;
  if (message.payload.size() > options_.payload_bytes_max) throw refusal("the payload is too large", "send less");
  if (++sends_ == options_.unsendable_nth)
    throw refusal("the memory sink was told not to take this", "tell it otherwise");
  queue_.push_back({message.ticket, options_.delay_polls, to_incoming(message)});
  if (++accepted_ == options_.undeliverable_nth) first_refused_ = message.ticket;
  return Send::accepted;
}

void MemorySink::poll(std::chrono::milliseconds, std::vector<outbox::Delivery>& deliveries) {
  require_whole();
  std::vector<outbox::Delivery> reports;
  std::vector<std::string> keys;
  while (!queue_.empty() && queue_.front().polls_left == 0) {
    keys.push_back(queue_.front().message.key);
    reports.push_back(deliver(std::move(queue_.front())));
    queue_.pop_front();
  }
  for (auto& waiting : queue_) --waiting.polls_left;
  if (options_.shuffle_seed) shuffle(reports, keys);
  deliveries.insert(deliveries.end(), reports.begin(), reports.end());
}

outbox::Delivery MemorySink::deliver(Queued queued) {
  if (first_refused_ != 0 && queued.ticket >= first_refused_)
    return {queued.ticket, outbox::Delivery::Outcome::refused, "told to refuse it"};
  log_->append(std::move(queued.message));
  return {queued.ticket, outbox::Delivery::Outcome::delivered, {}};
}

/// Random order across keys: each place goes to the next report of a random key.
void MemorySink::shuffle(std::vector<outbox::Delivery>& reports, std::vector<std::string>& keys) {
  std::map<std::string, std::deque<outbox::Delivery>> by_key;
  for (std::size_t i = 0; i < reports.size(); ++i) by_key[keys[i]].push_back(std::move(reports[i]));
  std::shuffle(keys.begin(), keys.end(), random_);
  for (std::size_t i = 0; i < reports.size(); ++i) {
    auto& next = by_key[keys[i]];
    reports[i] = std::move(next.front());
    next.pop_front();
  }
}

void MemorySink::break_down(Undecided undecided) {
  broken_ = true;
  for (auto& queued : queue_) {
    if (undecided == Undecided::durable) (void)deliver(std::move(queued));
  }
  queue_.clear();
}

projections::IncomingMessage to_incoming(const outbox::MessageView& message) {
  projections::IncomingMessage out{.topic = std::string{message.topic},
                                   .key = std::string{message.key},
                                   .id = message.id.to_string(),
                                   .source = "/annals",
                                   .type = std::string{message.type},
                                   .subject = std::string{message.subject},
                                   .sequence = message.sequence,
                                   .content_type = message.content_type,
                                   .payload = std::string{message.payload},
                                   .time = message.time,
                                   .metadata = {}};
  out.metadata.correlation_id = message.correlation_id;
  out.metadata.causation_id = message.causation_id;
  out.metadata.traceparent = message.traceparent;
  out.metadata.tracestate = message.tracestate;
  for (const auto& [name, value] : message.headers) out.metadata.headers.emplace_back(name, value);
  return out;
}

}  // namespace annals::testing
