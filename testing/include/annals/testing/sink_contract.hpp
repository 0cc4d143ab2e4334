#pragma once
// The contract of outbox::Sink as a GoogleTest suite. A test program includes this once and instantiates it for its
// adapter:
//
//     INSTANTIATE_TEST_SUITE_P(Kafka, SinkContract, ::testing::Values(SinkAdapter{"default", make_kafka_harness}));
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/outbox/sink.hpp"

namespace annals::testing {

/// What another reader finds on the other side.
struct DurableMessage {
  std::string key;
  std::string payload;
  std::string id;
};

/// An adapter and the way to look at what it did. One a test.
class SinkHarness {
 public:
  SinkHarness() = default;
  SinkHarness(const SinkHarness&) = delete;
  SinkHarness& operator=(const SinkHarness&) = delete;
  virtual ~SinkHarness() = default;

  /// A sink that queues about `queue_max` messages.
  virtual std::unique_ptr<outbox::Sink> make_sink(std::size_t queue_max) = 0;
  /// A topic that takes messages, the same at each call; with several partitions, where there are such.
  virtual std::string topic() = 0;
  /// Everything durable in topic(), in order a key.
  virtual std::vector<DurableMessage> durable() = 0;

  /// Changes `message` into one that send() refuses with Error{refused}; false when the adapter has no such message.
  virtual bool make_unsendable(outbox::MessageView&) { return false; }
  /// A sink that accepts the nth message and reports it as refused; nothing when the adapter cannot be made to.
  virtual std::unique_ptr<outbox::Sink> make_refusing_sink(std::size_t nth) {
    static_cast<void>(nth);
    return nullptr;
  }
};

struct SinkAdapter {
  std::string name;
  std::function<std::unique_ptr<SinkHarness>()> make;
  std::chrono::milliseconds patience = std::chrono::seconds{30};  ///< for everything in flight to be reported

  friend std::ostream& operator<<(std::ostream& out, const SinkAdapter& adapter) { return out << adapter.name; }
};

class SinkContract : public ::testing::TestWithParam<SinkAdapter> {
 protected:
  struct Text {
    std::int64_t ticket;
    std::string topic;
    std::string key;
    std::string payload;
    EventId id = EventId::generate();

    [[nodiscard]] outbox::MessageView view() const {
      outbox::MessageView out;
      out.ticket = out.position = ticket;
      out.topic = topic;
      out.key = key;
      out.id = id;
      out.type = "contract.v1.Numbered";
      out.payload = payload;
      return out;
    }
  };

  SinkContract() : harness_(GetParam().make()) {}

  [[nodiscard]] std::vector<Text> numbered(std::int64_t count, std::int64_t keys) const {
    std::vector<Text> out;
    for (std::int64_t i = 1; i <= count; ++i) {
      out.push_back({i, harness_->topic(), "key-" + std::to_string(i % keys), std::to_string(i)});
    }
    return out;
  }

  /// Sends, polling for as long as there is no room.
  void send(outbox::Sink& sink, const outbox::MessageView& message) {
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    while (sink.send(message) == outbox::Sink::Send::full) {
      full_ = true;
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the sink stays full";
      poll(sink);
    }
    ++in_flight_;
  }
  void poll(outbox::Sink& sink) {
    std::vector<outbox::Delivery> some;
    sink.poll(std::chrono::milliseconds{10}, some);
    for (const auto& delivery : some) {
      EXPECT_TRUE(reports_.emplace(delivery.ticket, delivery).second) << delivery.ticket << " is reported twice";
      --in_flight_;
    }
  }
  void drain(outbox::Sink& sink) {
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    while (in_flight_ > 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << in_flight_ << " messages are never reported";
      poll(sink);
    }
  }
  void send_all(outbox::Sink& sink, const std::vector<Text>& messages) {
    for (const auto& message : messages) ASSERT_NO_FATAL_FAILURE(send(sink, message.view()));
    drain(sink);
  }
  [[nodiscard]] std::size_t delivered() const {
    std::size_t count = 0;
    for (const auto& [ticket, delivery] : reports_) count += delivery.delivered() ? 1U : 0U;
    return count;
  }
  [[nodiscard]] std::map<std::string, std::vector<std::string>> durable_by_key() {
    std::map<std::string, std::vector<std::string>> out;
    for (const auto& message : harness_->durable()) out[message.key].push_back(message.payload);
    return out;
  }
  static std::map<std::string, std::vector<std::string>> by_key(const std::vector<Text>& messages) {
    std::map<std::string, std::vector<std::string>> out;
    for (const auto& message : messages) out[message.key].push_back(message.payload);
    return out;
  }

  std::unique_ptr<SinkHarness> harness_;
  std::map<std::int64_t, outbox::Delivery> reports_;
  std::int64_t in_flight_ = 0;
  bool full_ = false;
};

TEST_P(SinkContract, KeepsTheOrderOfEachKey) {
  const auto messages = numbered(500, 7);
  const auto sink = harness_->make_sink(10'000);
  send_all(*sink, messages);
  EXPECT_EQ(delivered(), messages.size());
  EXPECT_EQ(durable_by_key(), by_key(messages));
}

TEST_P(SinkContract, ReportsEveryAcceptedMessageExactlyOnce) {
  const auto sink = harness_->make_sink(10'000);
  send_all(*sink, numbered(200, 3));
  EXPECT_EQ(reports_.size(), 200U);
  EXPECT_EQ(reports_.begin()->first, 1);
  EXPECT_EQ(reports_.rbegin()->first, 200);
  for (int i = 0; i < 3; ++i) poll(*sink);
  EXPECT_EQ(in_flight_, 0) << "nothing is reported that was not sent";
}

TEST_P(SinkContract, CopiesWhatItIsGiven) {
  const auto sink = harness_->make_sink(10'000);
  auto messages = numbered(50, 1);
  for (auto& message : messages) {
    ASSERT_NO_FATAL_FAILURE(send(*sink, message.view()));
    message.payload.assign(message.payload.size(), '#');
    message.key.assign(message.key.size(), '#');
    message.topic.assign(message.topic.size(), '#');
  }
  ASSERT_NO_FATAL_FAILURE(drain(*sink));
  EXPECT_EQ(durable_by_key(), by_key(numbered(50, 1)));
}

TEST_P(SinkContract, CarriesAnyBytes) {
  const auto sink = harness_->make_sink(10'000);
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  const Text message{1, harness_->topic(), "key", every_byte};
  send_all(*sink, {message});
  const auto durable = harness_->durable();
  ASSERT_EQ(durable.size(), 1U);
  EXPECT_EQ(durable[0].payload, every_byte);
  EXPECT_EQ(durable[0].key, "key");
  EXPECT_EQ(durable[0].id, message.id.to_string());
}

TEST_P(SinkContract, PushesBackWhenFullAndLosesNothing) {
  const auto sink = harness_->make_sink(20);
  const auto messages = numbered(300, 5);
  send_all(*sink, messages);
  EXPECT_TRUE(full_) << "a queue of about 20 took 300 messages without a poll";
  EXPECT_EQ(delivered(), messages.size());
  EXPECT_EQ(durable_by_key(), by_key(messages));
}

TEST_P(SinkContract, PollWithoutMessagesReportsNothingAndReturns) {
  const auto sink = harness_->make_sink(10);
  std::vector<outbox::Delivery> some;
  const auto begin = std::chrono::steady_clock::now();
  sink->poll(std::chrono::milliseconds{20}, some);
  EXPECT_TRUE(some.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
}

TEST_P(SinkContract, PollAppends) {
  const auto sink = harness_->make_sink(10);
  ASSERT_NO_FATAL_FAILURE(send(*sink, numbered(1, 1)[0].view()));
  std::vector<outbox::Delivery> all{{.ticket = 77}};
  const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
  while (all.size() < 2 && std::chrono::steady_clock::now() < deadline) sink->poll(std::chrono::milliseconds{10}, all);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].ticket, 77);
}

TEST_P(SinkContract, UnsendableMessageIsNotAcceptedAndOthersAre) {
  const auto sink = harness_->make_sink(10'000);
  const auto messages = numbered(3, 1);
  auto unsendable = messages[1].view();
  if (!harness_->make_unsendable(unsendable)) GTEST_SKIP() << "this adapter refuses no message at once";
  ASSERT_NO_FATAL_FAILURE(send(*sink, messages[0].view()));
  try {
    (void)sink->send(unsendable);
    FAIL() << "it was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused) << error.what();
  }
  ASSERT_NO_FATAL_FAILURE(send(*sink, messages[2].view()));
  ASSERT_NO_FATAL_FAILURE(drain(*sink));
  EXPECT_FALSE(reports_.contains(2));
  EXPECT_EQ(durable_by_key(), by_key({messages[0], messages[2]}));
}

TEST_P(SinkContract, NothingOvertakesAMessageThatFailed) {
  const auto sink = harness_->make_refusing_sink(4);
  if (!sink) GTEST_SKIP() << "this adapter cannot be made to fail after accepting";
  const auto messages = numbered(9, 1);
  for (const auto& message : messages) {
    try {
      ASSERT_NO_FATAL_FAILURE(send(*sink, message.view()));
    } catch (const Error&) {
      break;  // it may say so at once
    }
  }
  try {
    drain(*sink);
  } catch (const Error&) {  // or break
  }
  const auto durable = durable_by_key()["key-0"];
  for (const auto& payload : durable) EXPECT_LT(std::stoi(payload), 4) << "overtook the message that failed";
  ASSERT_TRUE(reports_.contains(4));
  for (const auto& [ticket, delivery] : reports_) {
    EXPECT_EQ(delivery.delivered(), ticket < 4) << ticket << ": " << delivery.reason;
    EXPECT_EQ(delivery.outcome == outbox::Delivery::Outcome::refused, ticket == 4)
        << "the wrong one is blamed: " << ticket << ": " << delivery.reason;
    if (!delivery.delivered()) {
      EXPECT_NE(delivery.reason, "") << ticket;
    }
  }
}

}  // namespace annals::testing
