#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <thread>

#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "kafka/messages.hpp"
#include "support/kafka_mock.hpp"

// Errors that a real broker gives seldom. The mock does not check sequence numbers, so what it has is in order only with one
// request in flight; the real broker's tests look at more.
namespace annals::tests {
namespace {

using kafka::KafkaSink;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

KafkaSink::Options to_mock(const KafkaMock& mock) {
  return {.settings = {{"bootstrap.servers", mock.brokers()}, {"batch.num.messages", "5"}, {"max.in.flight", "1"}}};
}

class KafkaSinkRetries : public ::testing::TestWithParam<int> {};

TEST_P(KafkaSinkRetries, LoseNothingAndKeepOrder) {
  KafkaMock mock;
  mock.create_topic("t", 2);
  mock.fail_produce({0, GetParam(), GetParam(), 0, GetParam()});
  KafkaSink sink{to_mock(mock)};
  EXPECT_EQ(delivered_count(send_all(sink, numbered("t", 200, 10))), 200U);
  const auto records = read_all("t", mock.brokers());
  EXPECT_EQ(records.size(), 200U);
  EXPECT_THAT(keys_out_of_order(records), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Passing, KafkaSinkRetries,
                         ::testing::Values(RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                           RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                                           RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                                           RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR__TRANSPORT));

class KafkaSinkRefusals : public ::testing::TestWithParam<int> {};

/// What is refused for good and holds for more than one message: everything is reported and the sink is broken. (A request
/// behind it is taken by the mock and refused by a real broker.)
TEST_P(KafkaSinkRefusals, BreakTheSink) {
  KafkaMock mock;
  mock.create_topic("t", 1);
  mock.fail_produce({0, 0, GetParam()});
  KafkaSink sink{to_mock(mock)};
  Outcome outcome;
  for (const auto& message : numbered("t", 200, 10)) {
    try {
      while (sink.send(message.view()) == outbox::Sink::Send::full) poll_into(sink, outcome, milliseconds{10});
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::failed && error.retryable()) << error.what();
      break;
    }
  }
  drain(sink, outcome, std::chrono::seconds{20});
  EXPECT_EQ(sink.queued().messages, 0U);
  EXPECT_LT(delivered_count(outcome), outcome.size());
  EXPECT_EQ(read_all("t", mock.brokers()).size(), delivered_count(outcome));
  EXPECT_THROW((void)sink.send(numbered("t", 1, 1)[0].view()), Error);
  const bool about_the_topic = GetParam() == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
                               GetParam() == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
  EXPECT_EQ(refused_count(outcome) > 0, about_the_topic) << "what is not about messages blames none";
}

INSTANTIATE_TEST_SUITE_P(Lasting, KafkaSinkRefusals,
                         ::testing::Values(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                           RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
                                           RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS,
                                           RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH));

class KafkaSinkBatchRefusals : public ::testing::TestWithParam<int> {};

/// A request with five messages is refused, and each of the five is taken when it comes by itself.
TEST_P(KafkaSinkBatchRefusals, BlameNobodyWhenEachMessagePasses) {
  KafkaMock mock;
  mock.create_topic("t", 1);
  mock.fail_produce({0, 0, GetParam()});
  KafkaSink sink{to_mock(mock)};
  EXPECT_EQ(delivered_count(send_all(sink, numbered("t", 200, 10))), 200U);
  const auto records = read_all("t", mock.brokers());
  EXPECT_EQ(records.size(), 200U);
  EXPECT_THAT(keys_out_of_order(records), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Lasting, KafkaSinkBatchRefusals,
                         ::testing::Values(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,
                                           RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
                                           RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT));

/// Not one message was refused when it went alone: the one in front ended without a word about it.
TEST(KafkaSinkSecondLook, ThatEndsWithoutAVerdictBlamesNobody) {
  KafkaMock mock;
  mock.create_topic("t", 1);
  mock.fail_produce(
      {0, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
       RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH});  // twice: a request may be behind the one that is too large
  KafkaSink sink{to_mock(mock)};
  Outcome outcome;
  const auto messages = numbered("t", 200, 10);
  try {
    for (const auto& message : messages) {
      while (sink.send(message.view()) == outbox::Sink::Send::full) poll_into(sink, outcome, milliseconds{10});
    }
  } catch (const Error&) {  // it is broken already
  }
  drain(sink, outcome, std::chrono::seconds{20});
  EXPECT_LT(delivered_count(outcome), outcome.size());
  EXPECT_EQ(refused_count(outcome), 0U);
}

/// A broker that has just started knows no topics yet.
TEST(KafkaSinkTopics, UnknownForAWhileIsWaitedFor) {
  KafkaMock mock;
  mock.create_topic("t", 1);
  mock.set_topic_error("t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  std::jthread loading{[&] {
    std::this_thread::sleep_for(milliseconds{1'500});  // this is the schedule, nobody waits for it
    mock.set_topic_error("t", RD_KAFKA_RESP_ERR_NO_ERROR);
  }};
  KafkaSink sink{to_mock(mock)};
  EXPECT_EQ(delivered_count(send_all(sink, numbered("t", 3, 1))), 3U);
}

TEST(KafkaSinkTopics, NotAuthorisedIsRefused) {
  KafkaMock mock;
  // A broker tells no partitions with this error; librdkafka 2.8 crashes when one does.
  mock.create_topic("t", 0);
  mock.set_topic_error("t", RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  KafkaSink sink{to_mock(mock)};
  try {
    (void)sink.send(numbered("t", 1, 1)[0].view());
    FAIL() << "went through";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_THAT(error.what(), HasSubstr("kafka-acls.sh"));
  }
}

/// As a broker answers who may write to no topic at all: no message is sent.
TEST(KafkaSinkTopics, APrincipalThatMayWriteNothingIsToldWhatItTakes) {
  constexpr int init_producer_id = 22;
  KafkaMock mock;
  mock.create_topic("t", 1);
  mock.fail(init_producer_id, {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED});
  KafkaSink sink{to_mock(mock)};
  const auto messages = numbered("t", 3, 1);
  std::size_t sent = 0;
  const auto refused = [&]() -> std::string {
    std::vector<outbox::Delivery> reports;
    for (int i = 0; i < 200; ++i) {
      if (sent < messages.size() && sink.send(messages[sent].view()) == outbox::Sink::Send::accepted) ++sent;
      sink.poll(milliseconds{50}, reports);
      if (!reports.empty()) return reports[0].outcome == outbox::Delivery::Outcome::refused ? reports[0].reason : "?";
    }
    return "nothing";
  };
  std::string first;
  try {
    first = refused();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused) << error.what();
    first = error.what();
  }
  EXPECT_THAT(first, AllOf(HasSubstr("--operation Write --operation Describe --topic t"), HasSubstr("kafka-acls.sh")));
}

/// The topic went and came back while nobody polled: what failed meanwhile is reported by the same poll that has room for
/// what waited behind it.
TEST(KafkaSinkTopics, WhatWaitedBehindAFailedMessageIsNotWritten) {
  KafkaMock mock;
  mock.create_topic("t", 1);
  mock.create_topic("busy", 1);
  KafkaSink sink{{.settings = {{"bootstrap.servers", mock.brokers()}, {"topic.metadata.refresh.interval.ms", "200"}}}};
  Outcome outcome;
  const auto messages = numbered("t", 9, 1);
  auto others = numbered("busy", 40, 1);
  for (auto& other : others) other.position += 100;
  const auto send = [&](const std::vector<TestMessage>& from, std::size_t first, std::size_t last) {
    for (auto i = first; i < last; ++i) ASSERT_EQ(sink.send(from[i].view()), outbox::Sink::Send::accepted);
  };
  send(messages, 0, 1);
  send(others, 0, 1);
  drain(sink, outcome);
  constexpr int again = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
  mock.fail_produce({again, again, again, again});  // until the client has heard that the topic is gone
  send(messages, 1, 9);
  mock.set_topic_error("t", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  std::this_thread::sleep_for(std::chrono::seconds{2});  // the schedule: nothing shows what has been heard
  send(others, 1, 40);  // enough of them for a batch, for which the broker's thread has to be asked to wait
  mock.set_topic_error("t", RD_KAFKA_RESP_ERR_NO_ERROR);
  std::this_thread::sleep_for(std::chrono::seconds{2});
  drain(sink, outcome);
  ASSERT_EQ(outcome.size(), messages.size() + others.size());
  EXPECT_FALSE(outcome.at(2).delivered());
  EXPECT_EQ(read_all("t", mock.brokers()).size(), 1U);
}

/// librdkafka keeps a message apart when what it knows of the topic has grown too old, and chooses its partition later.
TEST(KafkaSinkTopics, LargeMessageStaysBehindWhatWaitsWhenNobodyAnswersForLong) {
  KafkaMock mock;
  mock.create_topic("t", 1);
  KafkaSink sink{{.settings = {{"bootstrap.servers", mock.brokers()},
                               {"batch.size", "2000"},
                               {"metadata.max.age.ms", "1000"},
                               {"reconnect.backoff.max.ms", "200"},
                               {"topic.metadata.refresh.interval.ms", "500"}}}};
  Outcome outcome;
  auto messages = numbered("t", 40, 1);
  for (std::size_t i = 30; i < 40; ++i) messages[i].payload.insert(0, 2'000, '0');
  ASSERT_EQ(sink.send(messages[0].view()), outbox::Sink::Send::accepted);
  drain(sink, outcome);
  mock.set_down(true);
  for (std::size_t i = 1; i < 30; ++i) ASSERT_EQ(sink.send(messages[i].view()), outbox::Sink::Send::accepted);
  const auto until = steady_clock::now() + std::chrono::seconds{5};
  while (steady_clock::now() < until) poll_into(sink, outcome, milliseconds{20});
  for (std::size_t i = 30; i < 40; ++i) ASSERT_EQ(sink.send(messages[i].view()), outbox::Sink::Send::accepted);
  mock.set_down(false);
  drain(sink, outcome);
  EXPECT_EQ(delivered_count(outcome), messages.size());
  EXPECT_THAT(keys_out_of_order(read_all("t", mock.brokers())), IsEmpty());
}

class KafkaSinkNumbers : public ::testing::TestWithParam<const char*> {};

TEST_P(KafkaSinkNumbers, ThatAreNoneAreInvalid) {
  for (const auto* text : {"", "many", "-1", "99999999999999999999"}) {
    try {
      const KafkaSink sink{{.settings = {{"bootstrap.servers", "127.0.0.1:1"}, {GetParam(), text}}}};
      ADD_FAILURE() << text << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid) << error.what();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Settings, KafkaSinkNumbers,
                         ::testing::Values("batch.num.messages", "batch.size", "max.in.flight", "message.max.bytes"));

TEST(KafkaSinkTopics, ConnectedFollowsTheBroker) {
  KafkaMock mock;
  mock.create_topic("t", 1);
  KafkaSink sink{to_mock(mock)};
  EXPECT_EQ(delivered_count(send_all(sink, numbered("t", 1, 1))), 1U);
  EXPECT_TRUE(sink.connected());
  const auto poll_until = [&](bool expected) {
    std::vector<outbox::Delivery> none;
    const auto deadline = steady_clock::now() + std::chrono::seconds{30};
    while (sink.connected() != expected && steady_clock::now() < deadline) sink.poll(milliseconds{50}, none);
    return sink.connected() == expected;
  };
  mock.set_down(true);
  EXPECT_TRUE(poll_until(false));
  mock.set_down(false);
  EXPECT_TRUE(poll_until(true));
}

}  // namespace
}  // namespace annals::tests
