#pragma once
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/outbox/sink.hpp"

namespace annals::tests {

/// What a consumer would see of one message.
struct Received {
  std::int64_t ticket = 0;
  std::int64_t position = 0;
  std::string topic;
  std::string key;
  EventId id;
  std::string type;
  ContentType content_type = ContentType::octet_stream;
  std::string payload;
  Timestamp time;
  std::string subject;
  std::int64_t sequence = 0;
  Metadata metadata;
  std::string claim = {};
  bool tombstone = false;
};

/// A sink that keeps what it gets and misbehaves as told.
class RecordingSink final : public outbox::Sink {
 public:
  struct Options {
    std::size_t room = 100'000;                 ///< messages it queues until poll()
    std::set<std::int64_t> unsendable = {};     ///< positions that send() refuses with Error{refused}
    std::set<std::int64_t> undeliverable = {};  ///< positions that poll() reports as refused
    std::set<std::int64_t> given_up = {};       ///< positions that poll() reports as undecided
    bool stalled = false;                       ///< poll() reports nothing
    bool backwards = false;                     ///< poll() reports in reverse order
    std::function<void()> on_send = {};         ///< called for each message sent
  };

  RecordingSink() = default;
  explicit RecordingSink(Options options) : options_(std::move(options)) {}
  Options& options() { return options_; }

  Send send(const outbox::MessageView& message) override {
    if (queued_.size() >= options_.room) return Send::full;
    if (options_.unsendable.contains(message.position))
      throw Error{ErrorKind::refused, "message too large", {.hint = "raise message.max.bytes"}};
    if (options_.on_send) options_.on_send();
    queued_.push_back(copy(message));
    return Send::accepted;
  }

  void poll(std::chrono::milliseconds, std::vector<outbox::Delivery>& deliveries) override {
    ++polls;
    if (options_.stalled) return;
    const auto first = deliveries.size();
    for (auto& message : queued_) report(std::move(message), deliveries);
    queued_.clear();
    if (options_.backwards) std::reverse(deliveries.begin() + static_cast<std::ptrdiff_t>(first), deliveries.end());
  }

  std::vector<Received> received;  ///< durable, in order
  std::size_t polls = 0;

  [[nodiscard]] std::vector<std::int64_t> positions() const {
    std::vector<std::int64_t> out;
    for (const auto& message : received) out.push_back(message.position);
    return out;
  }

 private:
  // After a failure nothing else becomes durable: what the contract asks of a sink that knows no better. As with a
  // producer that empties its queue, nothing is decided about what else was in it.
  void report(Received message, std::vector<outbox::Delivery>& deliveries) {
    using Outcome = outbox::Delivery::Outcome;
    if (options_.undeliverable.contains(message.position)) {
      broken_ = true;
      deliveries.push_back({message.ticket, Outcome::refused, "not authorised"});
    } else if (broken_ || options_.given_up.contains(message.position)) {
      broken_ = true;
      deliveries.push_back({message.ticket, Outcome::undecided, "purged from the queue"});
    } else {
      deliveries.push_back({message.ticket, Outcome::delivered, {}});
      received.push_back(std::move(message));
    }
  }

  static Received copy(const outbox::MessageView& m) {
    Received out{m.ticket,
                 m.position,
                 std::string{m.topic},
                 std::string{m.key},
                 m.id,
                 std::string{m.type},
                 m.content_type,
                 std::string{m.payload},
                 m.time,
                 std::string{m.subject},
                 m.sequence,
                 {}};
    out.metadata.correlation_id = m.correlation_id;
    out.metadata.causation_id = m.causation_id;
    out.metadata.traceparent = m.traceparent;
    out.metadata.tracestate = m.tracestate;
    out.metadata.headers.assign(m.headers.begin(), m.headers.end());
    out.claim = m.claim;
    out.tombstone = m.tombstone;
    return out;
  }

  Options options_;
  std::vector<Received> queued_;
  bool broken_ = false;
};

}  // namespace annals::tests
