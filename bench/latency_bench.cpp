// From the commit of an append to the arrival at a consumer, through the relay, against the same consumer fed by a producer
// directly; 100 a second. One thread each for appending, relaying and consuming. The value is a time: lower is better, and
// the ratio is how many times the floor it takes.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <thread>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "benches.hpp"
#include "history.hpp"
#include "probe_producer.hpp"
#include "support/kafka_topic.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr int per_second = 100;

/// The payload carries the message's number; when it was sent and when it came are kept apart.
std::string numbered(std::int64_t number) {
  std::string payload(payload_bytes, 'x');
  std::memcpy(payload.data(), &number, sizeof number);
  return payload;
}

std::size_t number_in(const std::string& payload) {
  std::int64_t number = 0;
  std::memcpy(&number, payload.data(), sizeof number);
  return static_cast<std::size_t>(number);
}

/// Notes in a thread of its own when each of `count` messages arrives.
class Consumer {
 public:
  Consumer(const std::string& topic, std::size_t count)
      : source_({.settings = {{"bootstrap.servers", tests::kafka_brokers()}},
                 .group = topic + "-bench",
                 .topics = {topic}}),
        arrivals_(count),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void wait_for(std::size_t count) const {
    const Stopwatch watch;
    while (seen_ < count) {
      if (watch.seconds() > 30) throw Error{ErrorKind::failed, "the consumer did not see everything"};
      std::this_thread::sleep_for(milliseconds{1});
    }
  }
  /// Call once everything has been seen.
  [[nodiscard]] const std::vector<SteadyClock::time_point>& arrivals() const noexcept { return arrivals_; }

 private:
  void run(const std::stop_token& stop) {
    std::vector<projections::IncomingMessage> messages;
    while (!stop.stop_requested()) {
      source_.receive(1000, milliseconds{100}, messages);
      const auto now = SteadyClock::now();
      for (const auto& message : messages) arrivals_.at(number_in(message.payload)) = now;
      seen_ += messages.size();
    }
  }
  kafka::KafkaSource source_;
  std::vector<SteadyClock::time_point> arrivals_;
  std::atomic<std::size_t> seen_{0};
  std::jthread thread_;
};

struct Percentiles {
  double p50 = 0;
  double p99 = 0;
};

/// Sends a message; returns the moment from which its latency counts.
using Send = std::function<SteadyClock::time_point(std::int64_t number)>;

/// Warms both ends up, then sends per_second for `seconds`.
Percentiles run(const std::string& topic, double seconds, const Send& send) {
  constexpr std::int64_t warm_up = 50;
  const auto count = warm_up + static_cast<std::int64_t>(seconds * per_second);
  const Consumer consumer{topic, static_cast<std::size_t>(count)};
  for (std::int64_t i = 0; i < warm_up; ++i) (void)send(i);
  consumer.wait_for(warm_up);
  std::vector<SteadyClock::time_point> sent;
  const auto start = SteadyClock::now();
  for (std::int64_t i = warm_up; i < count; ++i) {
    std::this_thread::sleep_until(start + (i - warm_up) * std::chrono::microseconds{1'000'000 / per_second});
    sent.push_back(send(i));
  }
  consumer.wait_for(static_cast<std::size_t>(count));
  std::vector<double> latencies;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto took = consumer.arrivals().at(i + warm_up) - sent[i];
    latencies.push_back(std::chrono::duration<double, std::milli>(took).count());
  }
  std::sort(latencies.begin(), latencies.end());
  return {latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100]};
}

/// Counts from when append() returned: the event is committed.
Percentiles through_relay(double seconds) {
  const tests::TempDatabase temp;
  const auto topic = tests::create_topic(tests::unique_topic("bench-latency"), 4);
  const eventstore::EventStore store{temp.database()};
  kafka::KafkaSink sink{{.settings = {{"bootstrap.servers", tests::kafka_brokers()}}}};
  SystemClock clock;
  outbox::Relay relay{
      temp.database(), eventstore::message_log("annals"), sink, clock, {.name = "bench", .routes = {{"*", topic}}}};
  const std::jthread relaying{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()) relay.step(milliseconds{200});
  }};
  return run(topic, seconds, [&](std::int64_t i) {
    (void)store.append(StreamName{fmt::format("order-{}", i % 1000)}, ExpectedVersion::any(),
                       {NewEvent{.type = "bench.v1.OrderPlaced", .data = numbered(i)}});
    return SteadyClock::now();
  });
}

Percentiles directly(double seconds) {
  const auto topic = tests::create_topic(tests::unique_topic("bench-direct"), 4);
  ProbeProducer producer{tests::kafka_brokers()};
  return run(topic, seconds, [&](std::int64_t i) {
    const auto now = SteadyClock::now();
    producer.produce(topic, i, numbered(i));
    return now;
  });
}

}  // namespace

std::vector<Measurement> bench_latency(const BenchOptions& options) {
  std::vector<double> p50s;
  std::vector<double> p99s;
  std::vector<double> floor_p50s;
  std::vector<double> floor_p99s;
  for (int round = 0; round < options.rounds; ++round) {
    const auto floor = directly(options.seconds);
    const auto value = through_relay(options.seconds);
    p50s.push_back(value.p50);
    p99s.push_back(value.p99);
    floor_p50s.push_back(floor.p50);
    floor_p99s.push_back(floor.p99);
  }
  return {summarise(fmt::format("latency/p50-at-{}", per_second), "ms", p50s, floor_p50s),
          summarise(fmt::format("latency/p99-at-{}", per_second), "ms", p99s, floor_p99s)};
}

}  // namespace annals::bench
