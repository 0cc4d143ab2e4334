#include "annals/kafka/sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "annals/core/error.hpp"
#include "kafka/messages.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using kafka::KafkaSink;
using outbox::Sink;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

KafkaSink::Options to_broker(kafka::Settings settings = {}) {
  settings.try_emplace("bootstrap.servers", kafka_brokers());
  return {.settings = std::move(settings)};
}

/// Kind and text of the Error that send() throws.
std::pair<ErrorKind, std::string> refusal(KafkaSink& sink, const outbox::MessageView& message) {
  try {
    (void)sink.send(message);
  } catch (const Error& error) {
    return {error.kind(), error.what()};
  }
  ADD_FAILURE() << "send() accepted it";
  return {};
}

/// One message to every partition of a topic with one partition: what comes next is not held back.
void meet_partitions(KafkaSink& sink, const std::string& topic) {
  ASSERT_EQ(sink.send(TestMessage{.position = 0, .topic = topic, .key = "first", .payload = "0"}.view()),
            Sink::Send::accepted);
  Outcome outcome;
  drain(sink, outcome);
  ASSERT_EQ(delivered_count(outcome), 1U);
}

TEST(KafkaSink, WritesKeyPayloadAndHeaders) {
  const auto topic = create_topic(unique_topic("sink"), 1);
  KafkaSink sink{to_broker()};
  TestMessage message{.position = 7, .topic = topic, .key = "order-1", .payload = "hello"};
  auto view = message.view();
  view.headers = {{"tenant", "acme"}};
  ASSERT_EQ(sink.send(view), Sink::Send::accepted);
  EXPECT_EQ(sink.queued().messages, 1U);
  EXPECT_EQ(sink.queued().bytes, 12U);
  Outcome outcome;
  drain(sink, outcome);
  ASSERT_EQ(outcome.size(), 1U);
  EXPECT_TRUE(outcome.at(7).delivered());
  EXPECT_TRUE(sink.connected());
  EXPECT_EQ(sink.queued().bytes, 0U);
  const auto records = read_all(topic);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].key, "order-1");
  EXPECT_EQ(records[0].value, "hello");
  EXPECT_EQ(records[0].header("ce_id"), message.id.to_string());
  EXPECT_EQ(records[0].header("ce_source"), "/annals");
  EXPECT_EQ(records[0].header("content-type"), "application/octet-stream");
  EXPECT_EQ(records[0].header("tenant"), "acme");
}

TEST(KafkaSink, CarriesAnyBytes) {
  const auto topic = create_topic(unique_topic("bytes"), 3, {{"max.message.bytes", "2000000"}});
  KafkaSink sink{to_broker({{"message.max.bytes", "1500000"}})};
  std::string all_bytes;
  for (int c = 0; c < 256; ++c) all_bytes += static_cast<char>(c);
  const std::vector<TestMessage> messages{
      {.position = 1, .topic = topic, .key = all_bytes, .payload = all_bytes},
      {.position = 2, .topic = topic, .key = std::string{"\0", 1}, .payload = std::string{"\0", 1}},
      {.position = 3, .topic = topic, .key = "'; DROP TABLE x --", .payload = "{\"a\":\"\\u0000\"}"},
      {.position = 4, .topic = topic, .key = std::string(4096, 'k'), .payload = std::string(1'000'000, 'p')},
      {.position = 5, .topic = topic, .key = "\xff\xfe", .payload = "\xf0\x9f\xa6\x84"},
  };
  EXPECT_EQ(delivered_count(send_all(sink, messages)), messages.size());
  std::map<std::string, std::string> found;
  for (const auto& record : read_all(topic)) found[record.key] = record.value;
  for (const auto& message : messages) EXPECT_EQ(found[message.key], message.payload) << message.position;
}

TEST(KafkaSink, EmptyKeyIsNoKeyAndEmptyPayloadIsNoTombstone) {
  const auto topic = create_topic(unique_topic("empty"), 1);
  KafkaSink sink{to_broker()};
  EXPECT_EQ(delivered_count(send_all(sink, {{.position = 1, .topic = topic}})), 1U);
  auto nowhere = TestMessage{.position = 2, .topic = topic}.view();
  nowhere.topic = topic;
  nowhere.payload = {};
  nowhere.key = {};
  ASSERT_EQ(sink.send(nowhere), Sink::Send::accepted);
  Outcome outcome;
  drain(sink, outcome);
  const auto records = read_all(topic);
  ASSERT_EQ(records.size(), 2U);
  for (const auto& record : records) {
    EXPECT_FALSE(record.has_key);
    EXPECT_TRUE(record.has_value);
    EXPECT_EQ(record.value, "");
  }
}

TEST(KafkaSink, ChoosesThePartitionThatJavaChooses) {
  constexpr int partitions = 7;
  const auto topic = create_topic(unique_topic("partition"), partitions);
  const std::map<std::string, std::int32_t> hashes{{"21", -973932308},
                                                   {"foobar", -790332482},
                                                   {"a-little-bit-long-string", -985981536},
                                                   {"a-little-bit-longer-string", -1486304829},
                                                   {"abc", 479470107}};
  std::vector<TestMessage> messages;
  for (const auto& [key, hash] : hashes) {
    messages.push_back({.position = static_cast<std::int64_t>(messages.size()) + 1, .topic = topic, .key = key});
  }
  KafkaSink sink{to_broker()};
  EXPECT_EQ(delivered_count(send_all(sink, messages)), messages.size());
  for (const auto& record : read_all(topic)) {
    EXPECT_EQ(record.partition, (hashes.at(record.key) & 0x7fffffff) % partitions) << record.key;
  }
}

class KafkaSinkBatches : public ::testing::TestWithParam<const char*> {};

TEST_P(KafkaSinkBatches, KeepOrderPerKey) {
  const auto topic = create_topic(unique_topic("order"), 4);
  KafkaSink sink{to_broker({{"batch.num.messages", GetParam()}, {"max.in.flight", "5"}})};
  const auto outcome = send_all(sink, numbered(topic, 5'000, 40));
  EXPECT_EQ(delivered_count(outcome), 5'000U);
  const auto records = read_all(topic);
  EXPECT_EQ(records.size(), 5'000U);
  EXPECT_THAT(keys_out_of_order(records), IsEmpty());
}

/// A new topic's leader refuses the first requests now and then. What overtakes a refused one is lost in the end, and
/// reported as delivered, unless the first message to a partition goes alone.
TEST(KafkaSink, LosesNothingInATopicMadeAMomentAgo) {
  for (int i = 0; i < 15; ++i) {
    const auto topic = create_topic(unique_topic("new"), 8);
    KafkaSink sink{to_broker({{"batch.num.messages", "1"}})};
    EXPECT_EQ(delivered_count(send_all(sink, numbered(topic, 400, 80))), 400U);
    EXPECT_EQ(read_all(topic).size(), 400U);
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, KafkaSinkBatches, ::testing::Values("1", "2", "3", "10", "100000"));

TEST(KafkaSink, OrderCheckerSeesADisorder) {
  EXPECT_THAT(keys_out_of_order({{.key = "a", .value = "1"}, {.key = "a", .value = "3"}, {.key = "a", .value = "1"}}),
              IsEmpty());
  EXPECT_THAT(keys_out_of_order({{.key = "a", .value = "1"}, {.key = "a", .value = "3"}, {.key = "a", .value = "2"}}),
              ::testing::ElementsAre("a"));
}

TEST(KafkaSink, RefusesAnUnknownTopicAndGoesOn) {
  auto options = to_broker();
  options.topic_wait_max = milliseconds{800};
  KafkaSink sink{options};
  const auto begin = steady_clock::now();
  const auto [kind, text] = refusal(sink, TestMessage{.topic = unique_topic("nowhere"), .key = "k"}.view());
  EXPECT_EQ(kind, ErrorKind::refused);
  EXPECT_THAT(text, HasSubstr("does not exist"));
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{4});
  const auto topic = create_topic(unique_topic("somewhere"), 1);
  EXPECT_EQ(delivered_count(send_all(sink, numbered(topic, 3, 1))), 3U);
}

TEST(KafkaSink, AbsentBrokerIsDisconnected) {
  auto options = to_broker({{"bootstrap.servers", "127.0.0.1:1"}});
  options.topic_wait_max = milliseconds{300};
  KafkaSink sink{options};
  const auto begin = steady_clock::now();
  const auto [kind, text] = refusal(sink, TestMessage{.topic = "t", .key = "k"}.view());
  EXPECT_EQ(kind, ErrorKind::disconnected);
  EXPECT_THAT(text, HasSubstr("127.0.0.1:1"));
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{3});
  EXPECT_FALSE(sink.connected());
}

TEST(KafkaSink, RefusesWhatTheClientCannotSendAndGoesOn) {
  const auto topic = create_topic(unique_topic("large"), 1);
  KafkaSink sink{to_broker()};
  const auto [kind, text] = refusal(sink, TestMessage{.topic = topic, .payload = std::string(2'000'000, 'x')}.view());
  EXPECT_EQ(kind, ErrorKind::refused);
  EXPECT_THAT(text, HasSubstr("too large"));
  EXPECT_EQ(sink.queued().messages, 0U);
  EXPECT_EQ(delivered_count(send_all(sink, numbered(topic, 3, 1))), 3U);
}

TEST(KafkaSink, RefusesWhatTheClientCannotSendBehindOthers) {
  const auto topic = create_topic(unique_topic("large"), 1);
  KafkaSink sink{to_broker()};
  auto messages = numbered(topic, 4, 1);
  ASSERT_EQ(sink.send(messages[0].view()), Sink::Send::accepted);
  ASSERT_EQ(sink.send(messages[1].view()), Sink::Send::accepted) << "it waits for the first";
  messages[2].payload.assign(2'000'000, 'x');
  EXPECT_EQ(refusal(sink, messages[2].view()).first, ErrorKind::refused);
  ASSERT_EQ(sink.send(messages[3].view()), Sink::Send::accepted);
  Outcome outcome;
  drain(sink, outcome);
  EXPECT_EQ(delivered_count(outcome), 3U);
}

/// The first message to a partition goes alone. That is no reason to send nothing to others, nor to take nothing more.
TEST(KafkaSink, TakesWhatHasToWaitForAnAnswer) {
  const auto topic = create_topic(unique_topic("waits"), 4);
  KafkaSink sink{to_broker()};
  const auto messages = numbered(topic, 2'000, 40);
  for (const auto& message : messages) ASSERT_EQ(sink.send(message.view()), Sink::Send::accepted);
  EXPECT_EQ(sink.queued().messages, messages.size());
  Outcome outcome;
  drain(sink, outcome);
  EXPECT_EQ(delivered_count(outcome), messages.size());
  EXPECT_THAT(keys_out_of_order(read_all(topic)), IsEmpty());
}

TEST(KafkaSink, TakesNoMoreThanItsQueueHoldsOfWhatWaits) {
  const auto topic = create_topic(unique_topic("bounded"), 1);
  auto options = to_broker();
  options.queue_messages_max = 10;
  KafkaSink sink{options};
  const auto messages = numbered(topic, 11, 1);
  for (std::size_t i = 0; i < 10; ++i) ASSERT_EQ(sink.send(messages[i].view()), Sink::Send::accepted);
  EXPECT_EQ(sink.send(messages[10].view()), Sink::Send::full);
  Outcome outcome;
  drain(sink, outcome);
  EXPECT_EQ(delivered_count(outcome), 10U);
}

/// Messages without a key are given a partition by librdkafka, which finds out there that they have to wait.
TEST(KafkaSink, KeepsEachMessageWithoutAKey) {
  const auto topic = create_topic(unique_topic("keyless"), 3);
  KafkaSink sink{to_broker()};
  auto messages = numbered(topic, 3'000, 1);
  for (auto& message : messages) message.key.clear();
  EXPECT_EQ(delivered_count(send_all(sink, messages)), messages.size());
  EXPECT_EQ(read_all(topic).size(), messages.size());
}

/// One message in the middle is too large for the topic: nothing after it may be written, whatever is in flight.
TEST(KafkaSink, NothingOvertakesAMessageThatTheBrokerRefuses) {
  const auto topic = create_topic(unique_topic("refused"), 1, {{"max.message.bytes", "5000"}});
  KafkaSink sink{to_broker({{"batch.num.messages", "1"}, {"max.in.flight", "5"}})};
  auto messages = numbered(topic, 200, 3);
  constexpr std::int64_t bad = 100;
  messages[bad - 1].payload.assign(50'000, '9');
  meet_partitions(sink, topic);
  for (const auto& message : messages) ASSERT_EQ(sink.send(message.view()), Sink::Send::accepted);
  Outcome outcome;
  while (outcome.size() < bad - 10) poll_into(sink, outcome, milliseconds{1});
  // Nobody polls for a while: it is not the sink's emptying of the queue alone that keeps the others back.
  const auto until = steady_clock::now() + milliseconds{1'500};
  while (steady_clock::now() < until) ASSERT_LT(end_offsets(topic).at(0), bad + 1);
  drain(sink, outcome);
  EXPECT_EQ(outcome.size(), messages.size());
  EXPECT_FALSE(outcome.at(bad).delivered());
  EXPECT_THAT(outcome.at(bad).reason, HasSubstr("max.message.bytes"));
  const auto records = read_all(topic);
  EXPECT_EQ(records.size(), static_cast<std::size_t>(bad));
  for (const auto& record : records) EXPECT_LT(std::stoll(record.value), bad);
  for (const auto& [position, delivery] : outcome) EXPECT_EQ(delivery.delivered(), position < bad) << position;
  const auto [kind, text] = refusal(sink, numbered(topic, 1, 1)[0].view());
  EXPECT_EQ(kind, ErrorKind::failed);
  EXPECT_THAT(text, HasSubstr("ticket 100"));
}

/// Sends until the sink breaks; what it reported.
Outcome send_until_broken(KafkaSink& sink, const std::vector<TestMessage>& messages) {
  Outcome outcome;
  try {
    for (const auto& message : messages) {
      while (sink.send(message.view()) == Sink::Send::full) poll_into(sink, outcome, milliseconds{20});
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failed) << error.what();
    EXPECT_TRUE(error.retryable());
    EXPECT_EQ(sink.queued().messages, 0U) << "it threw before everything was reported";
  }
  drain(sink, outcome);
  return outcome;
}

struct Blame {
  const char* name;
  kafka::Settings settings;
  bool topic_of_its_own;
};

class KafkaSinkBlames : public ::testing::TestWithParam<Blame> {};

/// One of 8,000 messages is too large for its topic. Whatever is in flight or queued around it, in its batch or not, it
/// alone is to blame: somebody is going to pass over the message that is named.
TEST_P(KafkaSinkBlames, TheMessageThatTheBrokerRefuses) {
  constexpr std::int64_t bad = 6'001;
  const TopicConfig small{{"max.message.bytes", "20000"}};
  for (int run = 0; run < 3; ++run) {
    const auto refusing = create_topic(unique_topic("refusing"), 3, small);
    const auto topic = GetParam().topic_of_its_own ? create_topic(unique_topic("taking"), 3) : refusing;
    auto messages = numbered(topic, 8'000, 50);
    messages[bad - 1].topic = refusing;
    messages[bad - 1].payload.assign(50'000, '9');
    KafkaSink sink{to_broker(GetParam().settings)};
    const auto outcome = send_until_broken(sink, messages);
    ASSERT_TRUE(outcome.contains(bad));
    EXPECT_EQ(refused_count(outcome), 1U);
    EXPECT_EQ(outcome.at(bad).outcome, outbox::Delivery::Outcome::refused) << outcome.at(bad).reason;
    EXPECT_LT(delivered_count(outcome), messages.size());
    EXPECT_THAT(keys_out_of_order(read_all(topic)), IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Schedules, KafkaSinkBlames,
                         ::testing::Values(Blame{"one_request_at_a_time", {{"max.in.flight", "1"}}, true},
                                           Blame{"defaults", {}, true}, Blame{"in_a_full_batch", {}, false},
                                           Blame{"in_a_full_batch_singly", {{"max.in.flight", "1"}}, false}),
                         [](const auto& schedule) { return std::string{schedule.param.name}; });

/// All nine were in the request that was refused. The first goes alone, is refused, and the others are not tried any more.
TEST(KafkaSink, WhatSharedTheRequestAndWasNotSentAgainIsNotBlamed) {
  const auto topic = create_topic(unique_topic("shared"), 1, {{"max.message.bytes", "5000"}});
  KafkaSink sink{to_broker({{"linger.ms", "500"}})};
  meet_partitions(sink, topic);
  auto messages = numbered(topic, 9, 1);
  messages[0].payload.assign(50'000, '9');
  const auto outcome = send_until_broken(sink, messages);
  ASSERT_EQ(outcome.size(), messages.size());
  for (const auto& [ticket, delivery] : outcome) {
    EXPECT_EQ(delivery.outcome, ticket == 1 ? outbox::Delivery::Outcome::refused : outbox::Delivery::Outcome::undecided)
        << ticket << ": " << delivery.reason;
  }
}

TEST(KafkaSink, BatchThatIsTooLargeGoesMessageByMessage) {
  const auto topic = create_topic(unique_topic("sum"), 2, {{"max.message.bytes", "5000"}});
  auto messages = numbered(topic, 3'000, 20);
  KafkaSink sink{to_broker()};
  meet_partitions(sink, topic);
  EXPECT_EQ(delivered_count(send_all(sink, messages)), messages.size());
  EXPECT_THAT(keys_out_of_order(read_all(topic)), IsEmpty());
}

TEST(KafkaSink, RefusesWhatTheQueueCanNeverHoldAndGoesOn) {
  const auto topic = create_topic(unique_topic("large"), 1, {{"max.message.bytes", "10000000"}});
  auto options = to_broker({{"message.max.bytes", "10000000"}});
  options.queue_bytes_max = 8U << 20U;
  KafkaSink sink{options};
  const auto [kind, text] = refusal(sink, TestMessage{.topic = topic, .payload = std::string(9'000'000, 'x')}.view());
  EXPECT_EQ(kind, ErrorKind::refused);
  EXPECT_THAT(text, ::testing::AllOf(HasSubstr("9000000"), HasSubstr("8388608"), HasSubstr("kafka.queue_bytes_max")));
  EXPECT_EQ(delivered_count(send_all(sink, {{.topic = topic, .payload = std::string(8'000'000, 'x')}})), 1U);
}

TEST(KafkaSink, FullQueuePushesBackAndIsBounded) {
  const auto topic = create_topic(unique_topic("full"), 1);
  auto options = to_broker({{"linger.ms", "1000"}});
  options.queue_messages_max = 10;
  KafkaSink sink{options};
  meet_partitions(sink, topic);
  const auto messages = numbered(topic, 11, 1);
  for (std::size_t i = 0; i < 10; ++i) ASSERT_EQ(sink.send(messages[i].view()), Sink::Send::accepted);
  EXPECT_EQ(sink.send(messages[10].view()), Sink::Send::full);
  Outcome outcome;
  drain(sink, outcome);
  EXPECT_EQ(sink.send(messages[10].view()), Sink::Send::accepted);
  drain(sink, outcome);
  EXPECT_EQ(delivered_count(outcome), 11U);
}

TEST(KafkaSink, FullQueueOfBytesPushesBack) {
  const auto topic = create_topic(unique_topic("fullbytes"), 1);
  auto options = to_broker({{"linger.ms", "1000"}});
  options.queue_bytes_max = std::size_t{64} * 1024;
  KafkaSink sink{options};
  meet_partitions(sink, topic);
  int accepted = 0;
  const TestMessage message{.topic = topic, .key = "k", .payload = std::string(10'000, 'x')};
  while (accepted < 100 && sink.send(message.view()) == Sink::Send::accepted) ++accepted;
  EXPECT_GE(accepted, 5);
  EXPECT_LE(accepted, 8);
}

TEST(KafkaSink, PollWaitsNoLongerThanAsked) {
  KafkaSink sink{to_broker()};
  std::vector<outbox::Delivery> deliveries;
  const auto begin = steady_clock::now();
  sink.poll(milliseconds{50}, deliveries);
  const auto took = steady_clock::now() - begin;
  EXPECT_GE(took, milliseconds{45});
  EXPECT_LT(took, milliseconds{1000});
  EXPECT_THAT(deliveries, IsEmpty());
}

TEST(KafkaSink, DestructorGivesUpWhatIsQueued) {
  const auto topic = create_topic(unique_topic("closing"), 1);
  const auto begin = [&] {
    KafkaSink sink{to_broker({{"linger.ms", "1000"}})};
    meet_partitions(sink, topic);
    for (const auto& message : numbered(topic, 100, 1)) EXPECT_EQ(sink.send(message.view()), Sink::Send::accepted);
    return steady_clock::now();
  }();
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds{3});
}

}  // namespace
}  // namespace annals::tests
