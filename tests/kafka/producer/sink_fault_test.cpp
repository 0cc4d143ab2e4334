#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "kafka/messages.hpp"
#include "support/kafka_topic.hpp"
#include "support/private_stack.hpp"

namespace annals::tests {
namespace {

using kafka::KafkaSink;
using outbox::Sink;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using seconds_of = std::chrono::duration<double>;
using ::testing::IsEmpty;

/// One broker for all tests of this program; it takes seconds to start.
class KafkaFaults : public ::testing::Test {
 protected:
  void SetUp()
      override {  // not of the suite: a broker that does not start is a failure, and would count as skipped there
    if (!kafka_) kafka_ = std::make_unique<PrivateStack>("kafka");
  }
  static void TearDownTestSuite() { kafka_.reset(); }

  [[nodiscard]] static KafkaSink::Options options(kafka::Settings settings = {}) {
    settings.try_emplace("bootstrap.servers", kafka_->address());
    settings.try_emplace("socket.timeout.ms", "10000");
    settings.try_emplace("reconnect.backoff.max.ms", "1000");
    return {.settings = std::move(settings)};
  }
  [[nodiscard]] static std::string topic(const std::string& prefix, int partitions) {
    return create_topic(unique_topic(prefix), partitions, {}, kafka_->address());
  }

  static std::unique_ptr<PrivateStack> kafka_;
};

std::unique_ptr<PrivateStack> KafkaFaults::kafka_;

std::size_t resident_kilobytes() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
}

/// Plays the relay: sends in order from the first position that is not known to be delivered, and starts again from there
/// with a new sink when one breaks.
class Publisher {
 public:
  Publisher(KafkaSink::Options options, std::vector<TestMessage> messages)
      : options_(std::move(options)), messages_(std::move(messages)), sink_(std::make_unique<KafkaSink>(options_)) {}

  /// Sends what has room, polls once. False when everything is delivered.
  bool step() {
    try {
      while (next_ < messages_.size() && sink_->send(messages_[next_].view()) == Sink::Send::accepted) ++next_;
      poll();
    } catch (const Error&) {
      start_again();
    }
    return done_ < messages_.size();
  }
  [[nodiscard]] std::size_t done() const { return done_; }
  [[nodiscard]] const KafkaSink& sink() const { return *sink_; }

 private:
  void poll() {
    std::vector<outbox::Delivery> deliveries;
    sink_->poll(milliseconds{20}, deliveries);
    bool broken = false;
    for (const auto& delivery : deliveries) {
      if (delivery.delivered()) delivered_.insert(delivery.ticket);
      broken = broken || !delivery.delivered();
    }
    while (done_ < messages_.size() && delivered_.contains(messages_[done_].position)) ++done_;
    if (broken) start_again();
  }
  void start_again() {
    sink_ = std::make_unique<KafkaSink>(options_);
    next_ = done_;
  }

  KafkaSink::Options options_;
  std::vector<TestMessage> messages_;
  std::unique_ptr<KafkaSink> sink_;
  std::set<std::int64_t> delivered_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
};

void expect_all_in_order(const std::string& topic, const std::string& brokers, std::size_t count) {
  const auto records = read_all(topic, brokers);
  std::set<std::string> values;
  for (const auto& record : records) values.insert(record.value);
  EXPECT_EQ(values.size(), count) << "lost";
  EXPECT_THAT(keys_out_of_order(records), IsEmpty());
  ::testing::Test::RecordProperty("duplicates", static_cast<int>(records.size() - values.size()));
}

TEST_F(KafkaFaults, KilledBrokerLosesNothingAndKeepsOrder) {
  constexpr std::size_t count = 20'000;
  const auto name = topic("killed", 4);
  auto small = options({{"batch.num.messages", "10"}, {"max.in.flight", "5"}});
  small.queue_messages_max = 1'000;
  Publisher publisher{small, numbered(name, static_cast<std::int64_t>(count), 100)};
  for (const std::size_t kill_at : {2'000U, 9'000U}) {
    while (publisher.done() < kill_at) publisher.step();
    std::thread restart{[] {
      kafka_->kill();
      kafka_->start();
    }};
    const auto until = steady_clock::now() + seconds{2};
    while (steady_clock::now() < until) publisher.step();  // the broker goes while messages are in flight
    restart.join();
  }
  const auto deadline = steady_clock::now() + seconds{90};
  while (publisher.step() && steady_clock::now() < deadline) {
  }
  EXPECT_EQ(publisher.done(), count);
  expect_all_in_order(name, kafka_->address(), count);
}

TEST_F(KafkaFaults, PausedBrokerFillsTheQueueAndNothingElse) {
  const auto name = topic("paused", 2);
  auto bounded = options();
  bounded.queue_bytes_max = 4U << 20U;
  Publisher publisher{bounded, numbered(name, 50'000, 100)};
  while (publisher.done() < 1'000) publisher.step();
  kafka_->pause();
  publisher.step();
  const auto before = resident_kilobytes();
  const auto until = steady_clock::now() + seconds{12};  // past socket.timeout.ms: requests are given up and made again
  while (steady_clock::now() < until) {
    publisher.step();
    EXPECT_LE(publisher.sink().queued().bytes, bounded.queue_bytes_max);
  }
  EXPECT_LT(resident_kilobytes(), before + std::size_t{32} * 1024);
  kafka_->resume();
  const auto deadline = steady_clock::now() + seconds{60};
  while (publisher.step() && steady_clock::now() < deadline) {
  }
  expect_all_in_order(name, kafka_->address(), 50'000);
}

/// User and system time of all threads of this process.
seconds_of processor_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return seconds_of{static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec)};
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

/// librdkafka's thread would ask all the time whether it may send what waits behind the answer (PartitionGate).
TEST_F(KafkaFaults, PausedBrokerCostsNoProcessorTime) {
  const auto name = topic("idle", 1);
  KafkaSink sink{options()};
  Outcome outcome;
  const auto messages = numbered(name, 1'000, 10);
  const auto send = [&](std::size_t first, std::size_t last) {
    for (auto i = first; i < last; ++i) ASSERT_EQ(sink.send(messages[i].view()), Sink::Send::accepted);
  };
  send(0, 1);
  drain(sink, outcome);
  kafka_->pause();
  send(1, 10);  // five of them unanswered ...
  poll_into(sink, outcome, milliseconds{50});
  send(10, 1'000);  // ... and what waits behind them
  const auto before = processor_time();
  const auto until = steady_clock::now() + seconds{4};
  while (steady_clock::now() < until) poll_into(sink, outcome, milliseconds{20});
  EXPECT_LT((processor_time() - before).count(), 1.0) << "of four seconds";
  kafka_->resume();
  drain(sink, outcome);
  EXPECT_EQ(delivered_count(outcome), 1'000U);
  expect_all_in_order(name, kafka_->address(), 1'000);
}

/// How long it takes to destroy something.
template <class T>
steady_clock::duration closing_time(std::unique_ptr<T>& object) {
  const auto begin = steady_clock::now();
  object.reset();
  return steady_clock::now() - begin;
}

TEST_F(KafkaFaults, ClosingIsBoundedWhileTheBrokerIsPaused) {
  const auto name = topic("closing", 2);
  auto sink = std::make_unique<KafkaSink>(options());
  ASSERT_EQ(delivered_count(send_all(*sink, numbered(name, 10, 2))), 10U);
  const auto joined = [&](const std::string& group) {
    kafka::KafkaSource::Options reading{
        .settings = {{"bootstrap.servers", kafka_->address()}}, .group = group, .topics = {name}};
    reading.commit_timeout = milliseconds{500};
    reading.close_timeout = milliseconds{500};
    auto source = std::make_unique<KafkaReader>(reading);
    std::vector<projections::IncomingMessage> some;
    while (some.empty()) source->receive(10, seconds{10}, some);
    return source;
  };
  auto quiet = joined("quiet");
  auto committing = joined("committing");
  kafka_->pause();
  for (const auto& message : numbered(name, 1'000, 2)) ASSERT_EQ(sink->send(message.view()), Sink::Send::accepted);
  const auto begin = steady_clock::now();
  try {
    committing->commit();
    ADD_FAILURE() << "nobody can have answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disconnected);
  }
  EXPECT_LT(steady_clock::now() - begin, seconds{3});
  EXPECT_LT(closing_time(sink), seconds{5});
  EXPECT_LT(closing_time(quiet), seconds{5});
  EXPECT_LT(closing_time(committing), seconds{15});
  kafka_->resume();
}

TEST_F(KafkaFaults, SourceGoesOnAfterTheBrokerCameBack) {
  const auto name = topic("reader", 2);
  KafkaReader source{{.settings = {{"bootstrap.servers", kafka_->address()}, {"reconnect.backoff.max.ms", "1000"}},
                      .group = "reader",
                      .topics = {name}}};
  std::set<std::string> seen;
  std::vector<projections::IncomingMessage> some;
  const auto read_until = [&](std::size_t count) {
    const auto deadline = steady_clock::now() + seconds{60};
    while (seen.size() < count && steady_clock::now() < deadline) {
      source.receive(100, milliseconds{100}, some);
      for (const auto& message : some) seen.insert(message.id);
      if (!some.empty()) source.commit();
    }
    return seen.size();
  };
  KafkaSink sink{options()};
  ASSERT_EQ(delivered_count(send_all(sink, numbered(name, 100, 10))), 100U);
  EXPECT_EQ(read_until(100), 100U);
  kafka_->kill();
  source.receive(100, seconds{1}, some);
  kafka_->start();
  Publisher publisher{options(), numbered(name, 100, 10)};
  while (publisher.step()) {
  }
  EXPECT_EQ(read_until(200), 200U);
}

}  // namespace
}  // namespace annals::tests
