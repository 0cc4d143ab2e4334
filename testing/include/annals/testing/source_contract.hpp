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
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/projections/source.hpp"
#include "annals/testing/memory_offsets.hpp"

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
  /// A source that reads everything from the beginning, unless the record says otherwise. The suite destroys one before it
  /// makes the next.
  virtual std::unique_ptr<projections::Source> make_source() = 0;
  /// Makes a source fail that has something to give; false when the adapter cannot be made to.
  virtual bool break_source(projections::Source&) { return false; }
  /// Takes away what was fed before, as retention does; false when the adapter keeps everything.
  virtual bool delete_messages() { return false; }
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
  /// A new source for the record as it is, with whatever it has received gone; as after a crash.
  void restart() {
    source_.reset();
    offsets_ = offsets_->restarted();
    source_ = harness_->make_source();
  }
  void done(const Messages& messages) {
    offsets_->handled(messages);
    source_->commit();
  }
  /// Receives until there are `count`, or patience ends.
  Messages receive(std::size_t count, std::size_t max = 100) {
    Messages all;
    Messages some;
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    while (all.size() < count && std::chrono::steady_clock::now() < deadline) {
      source_->receive(*offsets_, std::min(max, count - all.size()), std::chrono::milliseconds{100}, some);
      EXPECT_LE(some.size(), std::min(max, count - all.size()));
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  /// Whatever comes until nothing comes for a while.
  Messages receive_rest() {
    Messages all;
    Messages some;
    do {
      source_->receive(*offsets_, 100, GetParam().silence, some);
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

  [[nodiscard]] std::optional<ErrorKind> error_of_receive() {
    Messages some;
    try {
      source_->receive(*offsets_, 100, std::chrono::milliseconds{100}, some);
    } catch (const Error& error) {
      EXPECT_TRUE(some.empty()) << "messages, and an Error that makes nobody look at them";
      return error.kind();
    }
    received_.insert(received_.end(), some.begin(), some.end());
    return std::nullopt;
  }
  /// Calls receive() until it throws, or patience ends; the kind of what it threw.
  [[nodiscard]] std::optional<ErrorKind> receive_until_error() {
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    std::optional<ErrorKind> kind;
    while (!kind && std::chrono::steady_clock::now() < deadline) kind = error_of_receive();
    return kind;
  }

  std::unique_ptr<SourceHarness> harness_;
  std::unique_ptr<MemoryOffsets> offsets_ = std::make_unique<MemoryOffsets>();
  std::unique_ptr<projections::Source> source_;
  Messages received_;  // by receive_until_error
};

TEST_P(SourceContract, GivesEverythingOnceAndEachPartitionInOrder) {
  feed(1, 300, 5);
  restart();
  const auto messages = receive(300);
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
  restart();
  const auto messages = receive(1);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].key, "the key");
  EXPECT_EQ(messages[0].id, "the id");
  EXPECT_EQ(messages[0].type, "contract.v1.Bytes");
  EXPECT_EQ(messages[0].payload, payload);
}

TEST_P(SourceContract, ReturnsAtMostWhatWasAsked) {
  feed(1, 50, 3);
  restart();
  EXPECT_EQ(payloads(receive(50, 7)), numbers(1, 50));
}

TEST_P(SourceContract, ClearsWhatItIsGiven) {
  restart();
  Messages messages(3);
  source_->receive(*offsets_, 10, std::chrono::milliseconds{10}, messages);
  EXPECT_TRUE(messages.empty());
}

TEST_P(SourceContract, ReturnsWhenNothingComes) {
  restart();
  Messages messages;
  const auto begin = std::chrono::steady_clock::now();
  source_->receive(*offsets_, 10, std::chrono::milliseconds{50}, messages);
  EXPECT_TRUE(messages.empty());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{10});
}

TEST_P(SourceContract, GivesAgainWhatIsNotOnRecord) {
  feed(1, 20, 3);
  restart();
  EXPECT_EQ(payloads(receive(20)), numbers(1, 20));
  source_->commit();  // says nothing about where to begin
  restart();
  EXPECT_EQ(payloads(receive(20)), numbers(1, 20));
}

TEST_P(SourceContract, DoesNotGiveAgainWhatIsOnRecord) {
  feed(1, 20, 3);
  restart();
  const auto messages = receive(20);
  EXPECT_EQ(messages.size(), 20U);
  done(messages);
  feed(21, 25, 3);
  restart();
  EXPECT_EQ(payloads(receive(5)), numbers(21, 25));
  EXPECT_TRUE(receive_rest().empty());
}

TEST_P(SourceContract, GivesTheRestOfWhatWasReceived) {
  feed(1, 20, 3);
  restart();
  const auto first = receive(6);
  auto seen = payloads(first);
  done(first);
  restart();
  for (const auto& payload : payloads(receive(14))) EXPECT_TRUE(seen.insert(payload).second) << payload;
  EXPECT_EQ(seen, numbers(1, 20));
  EXPECT_TRUE(receive_rest().empty());
}

TEST_P(SourceContract, GoesBackWithTheRecord) {
  feed(1, 20);
  restart();
  const auto messages = receive(20);
  ASSERT_EQ(messages.size(), 20U);
  done(messages);
  offsets_->set(messages[7].topic, messages[7].partition, messages[7].offset);  // a database that was restored
  restart();
  EXPECT_EQ(payloads(receive(13)), numbers(8, 20));
}

TEST_P(SourceContract, PutsOnRecordWhereItBegins) {
  feed(1, 3);
  restart();
  const auto messages = receive(1);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(offsets_->next(messages[0].topic, messages[0].partition), messages[0].offset);
}

TEST_P(SourceContract, RecordBeyondTheEndStopsIt) {
  feed(1, 3);
  restart();
  const auto messages = receive(3);
  ASSERT_EQ(messages.size(), 3U);
  done(messages);
  offsets_->set(messages[2].topic, messages[2].partition, messages[2].offset + 100);
  restart();
  EXPECT_EQ(receive_until_error(), ErrorKind::corrupt);
  EXPECT_TRUE(received_.empty());
}

TEST_P(SourceContract, DeletedMessagesStopIt) {
  feed(1, 10);
  restart();
  const auto messages = receive(2);
  ASSERT_EQ(messages.size(), 2U);
  done(messages);
  if (!harness_->delete_messages()) GTEST_SKIP() << "this adapter keeps every message";
  feed(11, 12);
  restart();
  EXPECT_EQ(receive_until_error(), ErrorKind::corrupt);
  EXPECT_TRUE(received_.empty()) << "messages 3 to 10 were passed over in silence";
}

TEST_P(SourceContract, FailureDropsNothingThatWasReceived) {
  feed(1, 20);
  restart();
  done(receive(1));
  if (!harness_->break_source(*source_)) GTEST_SKIP() << "this adapter cannot be made to fail";
  const auto kind = receive_until_error();
  ASSERT_TRUE(kind) << "it went on";
  EXPECT_EQ(error_of_receive(), kind) << "it went on after it had failed";
  done(received_);
  restart();
  auto seen = payloads(received_);
  seen.insert("1");
  for (const auto& payload : payloads(receive(20 - seen.size()))) EXPECT_TRUE(seen.insert(payload).second) << payload;
  EXPECT_EQ(seen, numbers(1, 20));
}

TEST_P(SourceContract, KeepAliveReceivesNothingAndLosesNothing) {
  feed(1, 300, 5);
  restart();
  auto seen = payloads(receive(7, 7));
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) source_->keep_alive(*offsets_);
    for (const auto& payload : payloads(receive(40, 40)))
      EXPECT_TRUE(seen.insert(payload).second) << payload << " again";
  }
  for (const auto& payload : payloads(receive(300 - seen.size()))) EXPECT_TRUE(seen.insert(payload).second) << payload;
  EXPECT_EQ(seen, numbers(1, 300));
}

TEST_P(SourceContract, BelongsToOneReader) {
  feed(1, 3);
  restart();
  done(receive(1));
  offsets_ = offsets_->restarted();
  EXPECT_EQ(error_of_receive(), ErrorKind::failed) << "another reader cannot know what this source has given";
}

TEST_P(SourceContract, CommitWithoutMessagesIsHarmless) {
  restart();
  source_->commit();
  feed(1, 3);
  EXPECT_EQ(payloads(receive(3)), numbers(1, 3));
}

}  // namespace annals::testing
