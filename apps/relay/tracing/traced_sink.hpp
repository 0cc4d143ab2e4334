#pragma once
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "annals/outbox/transactional_sink.hpp"
#include "relay/tracing/span_recorder.hpp"

namespace annals::relayd {

/// A sink that does what another does, and has a recorder look on. Records are the same with it and without: what traces a message
/// after the relay goes on from the context that the message brought.
template <class Port>
class Traced : public Port {
 public:
  Traced(std::shared_ptr<Port> sink, SpanRecorder recorder) : sink_(std::move(sink)), recorder_(std::move(recorder)) {}

  [[nodiscard]] outbox::Sink::Send send(const outbox::MessageView& message) override {
    const auto answer = sink_->send(message);
    if (answer == outbox::Sink::Send::accepted) recorder_.sent(message);
    return answer;
  }
  [[nodiscard]] std::size_t record_bytes(const outbox::MessageView& message) const override {
    return sink_->record_bytes(message);
  }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    const auto before = deliveries.size();
    sink_->poll(wait, deliveries);
    recorder_.reported(std::span{deliveries}.subspan(before));
  }

 protected:
  [[nodiscard]] Port& sink() const { return *sink_; }

 private:
  std::shared_ptr<Port> sink_;
  SpanRecorder recorder_;
};

using TracedSink = Traced<outbox::Sink>;

class TracedTransactionalSink final : public Traced<outbox::TransactionalSink> {
 public:
  using Traced::Traced;
  [[nodiscard]] std::string open(const std::string& id, const KeepAlive& keep_alive) override {
    return sink().open(id, keep_alive);
  }
  [[nodiscard]] Commit commit(std::string_view record, const KeepAlive& keep_alive) override {
    return sink().commit(record, keep_alive);
  }
  [[nodiscard]] std::string reason() const override { return sink().reason(); }
};

}  // namespace annals::relayd
