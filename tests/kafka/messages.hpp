#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "annals/outbox/message.hpp"
#include "annals/testing/memory_offsets.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {

/// A message whose texts live as long as it does.
struct TestMessage {
  std::int64_t position = 1;
  std::string topic = {};
  std::string key = {};
  std::string payload = {};
  EventId id = EventId::generate();

  [[nodiscard]] outbox::MessageView view() const;
};

/// `count` messages, positions 1 to count, keys "key-0" to "key-(keys-1)" in turn, payload "position".
[[nodiscard]] std::vector<TestMessage> numbered(const std::string& topic, std::int64_t count, std::int64_t keys);

/// What a sink reported, by position.
using Outcome = std::map<std::int64_t, outbox::Delivery>;

/// Polls once. Fails the test when a position is reported twice.
void poll_into(kafka::KafkaSink& sink, Outcome& outcome, std::chrono::milliseconds wait);
/// Polls until nothing is queued or `wait` has passed.
void drain(kafka::KafkaSink& sink, Outcome& outcome, std::chrono::milliseconds wait = std::chrono::seconds{30});
/// Sends all, polling when the sink is full, and drains.
[[nodiscard]] Outcome send_all(kafka::KafkaSink& sink, const std::vector<TestMessage>& messages);

/// A source with a reader that keeps the record of what is handled, as an inbox does in its table.
class KafkaReader {
 public:
  /// Goes on where `record` says; without one it begins a record of its own.
  explicit KafkaReader(kafka::KafkaSource::Options options) : KafkaReader(std::move(options), own_) {}
  KafkaReader(kafka::KafkaSource::Options options, testing::MemoryOffsets& record)
      : record_(record), source_(std::move(options)) {}

  void receive(std::size_t max, std::chrono::milliseconds wait, std::vector<projections::IncomingMessage>& messages) {
    source_.receive(record_, max, wait, messages);
    unhandled_.insert(unhandled_.end(), messages.begin(), messages.end());
  }
  void keep_alive() { source_.keep_alive(record_); }
  /// All that was received is handled.
  void commit() {
    record_.handled(unhandled_);
    unhandled_.clear();
    source_.commit();
  }
  [[nodiscard]] bool connected() const noexcept { return source_.connected(); }

 private:
  testing::MemoryOffsets own_;
  testing::MemoryOffsets& record_;
  std::vector<projections::IncomingMessage> unhandled_;
  kafka::KafkaSource source_;
};

[[nodiscard]] std::size_t delivered_count(const Outcome& outcome);
[[nodiscard]] std::size_t refused_count(const Outcome& outcome);

/// The keys whose values, read as numbers, first occur out of order; empty: order holds. Repetitions are allowed, because
/// delivery is at least once.
[[nodiscard]] std::vector<std::string> keys_out_of_order(const std::vector<Record>& records);

}  // namespace annals::tests
