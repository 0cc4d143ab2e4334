#include "annals/kafka/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "messages.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using kafka::KafkaSink;
using kafka::KafkaSource;
using projections::IncomingMessage;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

KafkaSource::Options options_for(const std::string& topic, const std::string& group = unique_topic("group")) {
  return {.settings = {{"bootstrap.servers", kafka_brokers()}, {"session.timeout.ms", "6000"}},
          .group = group,
          .topics = {topic}};
}

/// Receives until there are `count` messages; gives up after half a minute.
std::vector<IncomingMessage> receive(KafkaSource& source, std::size_t count, std::size_t max = 1'000) {
  std::vector<IncomingMessage> all;
  std::vector<IncomingMessage> some;
  const auto deadline = steady_clock::now() + seconds{30};
  while (all.size() < count && steady_clock::now() < deadline) {
    const auto room = std::min(max, count - all.size());
    source.receive(room, milliseconds{200}, some);
    EXPECT_LE(some.size(), room);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::vector<std::string> payloads(const std::vector<IncomingMessage>& messages) {
  std::vector<std::string> texts;
  for (const auto& message : messages) texts.push_back(message.payload);
  return texts;
}

void publish(const std::vector<TestMessage>& messages) {
  KafkaSink sink{{.settings = {{"bootstrap.servers", kafka_brokers()}}}};
  ASSERT_EQ(delivered_count(send_all(sink, messages)), messages.size());
}

TEST(KafkaSource, ReceivesWhatTheSinkSent) {
  const auto topic = create_topic(unique_topic("trip"), 1);
  const TestMessage message{.topic = topic, .key = "order-1", .payload = std::string{"a\0b", 3}};
  publish({message});
  KafkaSource source{options_for(topic)};
  const auto received = receive(source, 1);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(received[0].topic, topic);
  EXPECT_EQ(received[0].partition, 0);
  EXPECT_EQ(received[0].offset, 0);
  EXPECT_EQ(received[0].key, "order-1");
  EXPECT_EQ(received[0].payload, message.payload);
  EXPECT_EQ(received[0].id, message.id.to_string());
  EXPECT_EQ(received[0].source, "/annals");
  EXPECT_EQ(received[0].type, "annals.test.Numbered");
  EXPECT_EQ(received[0].time, message.view().time);
}

TEST(KafkaSource, ToleratesStrangersRecords) {
  const auto topic = create_topic(unique_topic("stranger"), 1);
  write_records(topic, {{.value = "plain", .has_value = true},
                        {.key = "k", .has_key = true, .headers = {{"ce_id", "x"}, {"color", "red"}}}});
  KafkaSource source{options_for(topic)};
  const auto received = receive(source, 2);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(received[0].payload, "plain");
  EXPECT_EQ(received[0].key, "");
  EXPECT_EQ(received[0].id, "");
  EXPECT_GT(received[0].time, Timestamp{seconds{1'000'000'000}}) << "Kafka's own time";
  EXPECT_EQ(received[1].payload, "") << "a tombstone";
  EXPECT_EQ(received[1].id, "x");
  EXPECT_THAT(received[1].metadata.headers, ElementsAre(Pair("color", "red")));
}

TEST(KafkaSource, ReturnsAtMostWhatWasAsked) {
  const auto topic = create_topic(unique_topic("max"), 2);
  publish(numbered(topic, 50, 5));
  auto options = options_for(topic);
  KafkaSource source{options};
  EXPECT_EQ(receive(source, 50, 7).size(), 50U);
}

TEST(KafkaSource, BoundsTheBytesOfOneReceive) {
  const auto topic = create_topic(unique_topic("bytes"), 1);
  std::vector<TestMessage> messages;
  for (int i = 1; i <= 20; ++i) messages.push_back({.position = i, .topic = topic, .payload = std::string(1'000, 'x')});
  publish(messages);
  auto options = options_for(topic);
  options.receive_bytes_max = 3'500;
  KafkaSource source{options};
  std::vector<IncomingMessage> some;
  for (std::size_t total = 0; total < 20; total += some.size()) {
    source.receive(1'000, seconds{10}, some);
    EXPECT_LE(some.size(), 4U);
  }
}

TEST(KafkaSource, ResumesAfterTheCommit) {
  const auto topic = create_topic(unique_topic("resume"), 1);
  const auto group = unique_topic("group");
  publish(numbered(topic, 10, 1));
  {
    KafkaSource source{options_for(topic, group)};
    EXPECT_EQ(receive(source, 4).size(), 4U);
    source.commit();
    EXPECT_EQ(receive(source, 3).size(), 3U);  // and does not commit these
  }
  KafkaSource again{options_for(topic, group)};
  EXPECT_THAT(payloads(receive(again, 6)), ElementsAre("5", "6", "7", "8", "9", "10"));
}

TEST(KafkaSource, CommitOfNothingIsNothing) {
  const auto topic = create_topic(unique_topic("nothing"), 1);
  KafkaSource source{options_for(topic)};
  source.commit();
  std::vector<IncomingMessage> some;
  source.receive(10, milliseconds{10}, some);
  source.commit();
}

TEST(KafkaSource, StartsAtTheEndWhenAskedAndSkipsNothingAfterwards) {
  const auto topic = create_topic(unique_topic("end"), 2);
  const auto group = unique_topic("group");
  publish(numbered(topic, 10, 4));
  auto options = options_for(topic, group);
  options.start = kafka::Start::end;
  {
    KafkaSource source{options};
    std::vector<IncomingMessage> some;
    const auto deadline = steady_clock::now() + seconds{5};
    while (steady_clock::now() < deadline) {
      source.receive(10, milliseconds{100}, some);
      EXPECT_THAT(some, IsEmpty());
    }
  }
  publish({{.topic = topic, .key = "k", .payload = "while away"}});  // written while nobody reads, never committed
  KafkaSource again{options};
  EXPECT_THAT(payloads(receive(again, 1)), ElementsAre("while away"));
}

TEST(KafkaSource, UnknownTopicIsSaid) {
  KafkaSource source{options_for(unique_topic("nowhere"))};
  std::vector<IncomingMessage> some;
  try {
    const auto deadline = steady_clock::now() + seconds{40};
    while (steady_clock::now() < deadline) source.receive(10, milliseconds{200}, some);
    FAIL() << "an unknown topic goes unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_THAT(error.what(), HasSubstr("nowhere"));
  }
}

TEST(KafkaSource, DeletedOffsetStopsInsteadOfSkipping) {
  const auto topic = create_topic(unique_topic("retention"), 1);
  const auto group = unique_topic("group");
  publish(numbered(topic, 10, 1));
  {
    KafkaSource source{options_for(topic, group)};
    EXPECT_EQ(receive(source, 2).size(), 2U);
    source.commit();
  }
  delete_records_before(topic, 0, 6);
  KafkaSource source{options_for(topic, group)};
  try {
    (void)receive(source, 4);
    FAIL() << "messages 3 to 6 were skipped in silence";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failed);
    EXPECT_THAT(error.what(), HasSubstr("reset-offsets"));
  }
}

TEST(KafkaSource, AbsentBrokerIsDisconnectedInTime) {
  auto options = options_for("t");
  options.settings["bootstrap.servers"] = "127.0.0.1:1";
  options.disconnected_after = milliseconds{500};
  KafkaSource source{options};
  std::vector<IncomingMessage> some;
  const auto begin = steady_clock::now();
  try {
    while (steady_clock::now() - begin < seconds{20}) source.receive(10, milliseconds{100}, some);
    FAIL() << "goes unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disconnected);
  }
  EXPECT_FALSE(source.connected());
}

TEST(KafkaSource, TwoMembersShareTheTopicAndLoseNothing) {
  const auto topic = create_topic(unique_topic("shared"), 4);
  const auto group = unique_topic("group");
  publish(numbered(topic, 400, 40));
  std::map<std::string, int> seen;
  std::vector<IncomingMessage> some;
  const auto step = [&](KafkaSource& source) {
    source.receive(20, milliseconds{50}, some);
    for (const auto& message : some) ++seen[message.payload];
    const auto count = some.size();
    source.commit();
    return count;
  };
  KafkaSource first{options_for(topic, group)};
  while (seen.empty()) step(first);
  std::set<std::string> of_second;
  KafkaSource second{options_for(topic, group)};
  const auto deadline = steady_clock::now() + seconds{40};
  bool both = false;
  std::int64_t next = 401;
  KafkaSink sink{{.settings = {{"bootstrap.servers", kafka_brokers()}}}};
  while ((!both || seen.size() < static_cast<std::size_t>(next - 1)) && steady_clock::now() < deadline) {
    step(first);
    both = step(second) > 0 || both;
    if (!both) {  // keep something to share until the second has its partitions
      auto more = numbered(topic, next, 40);
      ASSERT_EQ(delivered_count(send_all(sink, {more.back()})), 1U);
      ++next;
    }
  }
  EXPECT_TRUE(both) << "the second member got no partition";
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(next - 1));
}

/// Two members, one partition, one rebalance. True when the newcomer got the partition, and with it everything that the
/// other had received and not committed.
bool take_over(KafkaSource& owner, KafkaSource& newcomer) {
  std::vector<IncomingMessage> of_owner;
  std::vector<IncomingMessage> of_newcomer;
  const auto deadline = steady_clock::now() + seconds{30};
  while (steady_clock::now() < deadline) {
    owner.receive(100, milliseconds{50}, of_owner);
    newcomer.receive(100, milliseconds{50}, of_newcomer);
    if (!of_owner.empty() || !of_newcomer.empty()) return of_owner.empty();
  }
  ADD_FAILURE() << "after the rebalance nobody got what was not committed";
  return true;
}

TEST(KafkaSource, LateCommitDoesNotCoverRevokedPartitions) {
  const auto topic = create_topic(unique_topic("revoked"), 1);
  publish(numbered(topic, 10, 1));
  bool taken_over = false;
  for (int attempt = 0; attempt < 20 && !taken_over; ++attempt) {  // who gets the partition is up to random member ids
    const auto group = unique_topic("group");
    {
      KafkaSource owner{options_for(topic, group)};
      ASSERT_EQ(receive(owner, 10).size(), 10U);
      KafkaSource newcomer{options_for(topic, group)};
      taken_over = take_over(owner, newcomer);
      if (taken_over) owner.commit();
    }
    KafkaSource third{options_for(topic, group)};
    EXPECT_EQ(receive(third, 10).size(), 10U) << "the late commit went through";
  }
  EXPECT_TRUE(taken_over);
}

TEST(KafkaSource, RefusesBadOptions) {
  EXPECT_THROW(KafkaSource{options_for("")}, Error);
  EXPECT_THROW(KafkaSource{options_for("^all.*")}, Error);
  EXPECT_THROW(KafkaSource(options_for("t", "")), Error);
  auto options = options_for("t");
  options.topics.clear();
  EXPECT_THROW(KafkaSource{options}, Error);
}

TEST(KafkaSource, DestructorIsBoundedWithoutABroker) {
  auto options = options_for("t");
  options.settings["bootstrap.servers"] = "127.0.0.1:1";
  options.close_timeout = milliseconds{500};
  const auto begin = steady_clock::now();
  { const KafkaSource source{options}; }
  EXPECT_LT(steady_clock::now() - begin, seconds{5});
}

}  // namespace
}  // namespace annals::tests
