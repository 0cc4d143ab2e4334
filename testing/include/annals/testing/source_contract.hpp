#pragma once
// The contract of projections::Source as a GoogleTest suite. A test program includes this once and instantiates it for
// its adapter:
//
//     INSTANTIATE_TEST_SUITE_P(Kafka, SourceContract, ::testing::Values(SourceAdapter{"default", make_kafka_harness}));
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "annals/projections/source.hpp"

namespace annals::testing {

/// What a producer writes. Messages of one key are in one partition.
struct FedMessage {
  std::string key;
  std::string id;
  std::string type;
  std::string payload;
};

/// An adapter and the way to feed it. One a test.
class SourceHarness {
 public:
  SourceHarness() = default;
  SourceHarness(const SourceHarness&) = delete;
  SourceHarness& operator=(const SourceHarness&) = delete;
  virtual ~SourceHarness() = default;

  /// Appends to the topic that sources read, in order; durable when it returns.
  virtual void feed(const std::vector<FedMessage>& messages) = 0;
  /// A source that goes on where its predecessor committed. The suite destroys one before it makes the next.
  virtual std::unique_ptr<projections::Source> make_source() = 0;
};

struct SourceAdapter {
  std::string name;
  std::function<std::unique_ptr<SourceHarness>()> make;
  std::chrono::milliseconds patience = std::chrono::seconds{30};  ///< for a message that was fed to come
  /// For nothing to come: within it, whatever comes is seen as having come.
  std::chrono::milliseconds silence = std::chrono::milliseconds{500};

  friend std::ostream& operator<<(std::ostream& out, const SourceAdapter& adapter) { return out << adapter.name; }
};

class SourceContract : public ::testing::TestWithParam<SourceAdapter> {
 protected:
  using Messages = std::vector<projections::IncomingMessage>;

  SourceContract() : harness_(GetParam().make()) {}

  /// Payloads "first" to "last", over `keys` keys.
  void feed(int first, int last, int keys = 1) {
    std::vector<FedMessage> messages;
    for (int i = first; i <= last; ++i) {
      messages.push_back(
          {"key-" + std::to_string(i % keys), "id-" + std::to_string(i), "contract.v1.Numbered", std::to_string(i)});
    }
    harness_->feed(messages);
  }
  /// Receives until there are `count`, or patience ends.
  Messages receive(projections::Source& source, std::size_t count, std::size_t max = 100) {
    Messages all;
    Messages some;
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    while (all.size() < count && std::chrono::steady_clock::now() < deadline) {
      source.receive(std::min(max, count - all.size()), std::chrono::milliseconds{100}, some);
      EXPECT_LE(some.size(), std::min(max, count - all.size()));
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  /// Whatever comes until nothing comes for a while.
  Messages receive_rest(projections::Source& source) {
    Messages all;
    Messages some;
    do {
      source.receive(100, GetParam().silence, some);
      all.insert(all.end(), some.begin(), some.end());
    } while (!some.empty());
    return all;
  }
  static std::set<std::string> payloads(const Messages& messages) {
    std::set<std::string> out;
    for (const auto& message : messages)
      EXPECT_TRUE(out.insert(message.payload).second) << message.payload << " came twice";
    return out;
  }
  static std::set<std::string> numbers(int first, int last) {
    std::set<std::string> out;
    for (int i = first; i <= last; ++i) out.insert(std::to_string(i));
    return out;
  }

  std::unique_ptr<SourceHarness> harness_;
};

TEST_P(SourceContract, GivesEverythingOnceAndEachPartitionInOrder) {
  feed(1, 300, 5);
  const auto source = harness_->make_source();
  const auto messages = receive(*source, 300);
  EXPECT_EQ(payloads(messages), numbers(1, 300));
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> offsets;
  std::map<std::string, int> last;
  for (const auto& message : messages) {
    const auto [offset, first] = offsets.try_emplace({message.topic, message.partition}, message.offset);
    if (!first) {
      EXPECT_GT(message.offset, offset->second) << message.topic << '[' << message.partition << ']';
    }
    offset->second = message.offset;
    EXPECT_GT(std::stoi(message.payload), last[message.key]) << message.key;
    last[message.key] = std::stoi(message.payload);
  }
}

TEST_P(SourceContract, CarriesKeyIdTypeAndPayload) {
  const std::string payload{"a\0b\xff", 4};
  harness_->feed({{"the key", "the id", "contract.v1.Bytes", payload}});
  const auto source = harness_->make_source();
  const auto messages = receive(*source, 1);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].key, "the key");
  EXPECT_EQ(messages[0].id, "the id");
  EXPECT_EQ(messages[0].type, "contract.v1.Bytes");
  EXPECT_EQ(messages[0].payload, payload);
}

TEST_P(SourceContract, ReturnsAtMostWhatWasAsked) {
  feed(1, 50, 3);
  const auto source = harness_->make_source();
  EXPECT_EQ(payloads(receive(*source, 50, 7)), numbers(1, 50));
}

TEST_P(SourceContract, ClearsWhatItIsGiven) {
  const auto source = harness_->make_source();
  Messages messages(3);
  source->receive(10, std::chrono::milliseconds{10}, messages);
  EXPECT_TRUE(messages.empty());
}

TEST_P(SourceContract, ReturnsWhenNothingComes) {
  const auto source = harness_->make_source();
  Messages messages;
  const auto begin = std::chrono::steady_clock::now();
  source->receive(10, std::chrono::milliseconds{50}, messages);
  EXPECT_TRUE(messages.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{10});
}

TEST_P(SourceContract, GivesAgainWhatWasNotCommitted) {
  feed(1, 20, 3);
  auto source = harness_->make_source();
  EXPECT_EQ(payloads(receive(*source, 20)), numbers(1, 20));
  source.reset();
  source = harness_->make_source();
  EXPECT_EQ(payloads(receive(*source, 20)), numbers(1, 20));
}

TEST_P(SourceContract, DoesNotGiveAgainWhatWasCommitted) {
  feed(1, 20, 3);
  auto source = harness_->make_source();
  EXPECT_EQ(receive(*source, 20).size(), 20U);
  source->commit();
  source.reset();
  feed(21, 25, 3);
  source = harness_->make_source();
  EXPECT_EQ(payloads(receive(*source, 5)), numbers(21, 25));
  EXPECT_TRUE(receive_rest(*source).empty());
}

TEST_P(SourceContract, CommitsOnlyWhatWasReceived) {
  feed(1, 20, 3);
  auto source = harness_->make_source();
  auto seen = payloads(receive(*source, 6));
  source->commit();
  source.reset();
  source = harness_->make_source();
  for (const auto& payload : payloads(receive(*source, 14))) EXPECT_TRUE(seen.insert(payload).second) << payload;
  EXPECT_EQ(seen, numbers(1, 20));
  EXPECT_TRUE(receive_rest(*source).empty());
}

TEST_P(SourceContract, CommitWithoutMessagesIsHarmless) {
  auto source = harness_->make_source();
  source->commit();
  feed(1, 3);
  EXPECT_EQ(payloads(receive(*source, 3)), numbers(1, 3));
}

}  // namespace annals::testing
