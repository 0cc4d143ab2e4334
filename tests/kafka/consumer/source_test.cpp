#include "annals/kafka/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>

#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "kafka/messages.hpp"
#include "support/kafka_topic.hpp"
#include "support/peak_memory.hpp"

namespace annals::tests {
namespace {

using kafka::KafkaSink;
using kafka::KafkaSource;
using projections::IncomingMessage;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

KafkaSource::Options options_for(const std::string& topic, const std::string& group = unique_topic("group")) {
  return {.settings = {{"bootstrap.servers", kafka_brokers()}, {"session.timeout.ms", "6000"}},
          .group = group,
          .topics = {topic}};
}

/// Receives until there are `count` messages; gives up after half a minute.
std::vector<IncomingMessage> receive(KafkaReader& source, std::size_t count, std::size_t max = 1'000) {
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
  KafkaReader source{options_for(topic)};
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
  KafkaReader source{options_for(topic)};
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
  KafkaReader source{options};
  EXPECT_EQ(receive(source, 50, 7).size(), 50U);
}

TEST(KafkaSource, BoundsTheBytesOfOneReceive) {
  const auto topic = create_topic(unique_topic("bytes"), 1);
  std::vector<TestMessage> messages;
  for (int i = 1; i <= 20; ++i) messages.push_back({.position = i, .topic = topic, .payload = std::string(1'000, 'x')});
  publish(messages);
  auto options = options_for(topic);
  options.receive_bytes_max = 6'000;  // of memory; a message of 1,000 bytes costs some hundred more
  KafkaReader source{options};
  std::vector<IncomingMessage> some;
  for (std::size_t total = 0; total < 20; total += some.size()) {
    source.receive(1'000, seconds{10}, some);
    EXPECT_LE(some.size(), 5U);
  }
}

/// Headers of one letter compress to nothing and take a hundred bytes each when they are read.
TEST(KafkaSource, BoundsTheMemoryOfHeaders) {
  const auto topic = create_topic(unique_topic("headers"), 1);
  constexpr std::size_t bombs = 40;
  {
    Record bomb{.value = "x", .has_value = true};
    bomb.headers.assign(99'000, {"h", ""});
    const std::vector<Record> few(10, bomb);
    for (std::size_t i = 0; i < bombs; i += few.size()) {
      write_records(topic, few, kafka_brokers(), {{"compression.type", "lz4"}, {"linger.ms", "0"}});
    }
  }
  reset_peak_memory();
  const auto before = peak_memory_bytes(getpid());
  KafkaReader source{options_for(topic)};
  const auto received = receive(source, bombs);
  ASSERT_EQ(received.size(), bombs);
  EXPECT_EQ(received[0].damaged, "99000 headers, of which 77 were read");
  EXPECT_EQ(received[0].metadata.headers.size(), 77U);
  const auto megabytes = (peak_memory_bytes(getpid()) - before) >> 20;
  EXPECT_LT(megabytes, 150);
  ::testing::Test::RecordProperty("megabytes", static_cast<int>(megabytes));
}

TEST(KafkaSource, BoundsTheMemoryOfKeysAndHeadersInOneReceive) {
  const auto topic = create_topic(unique_topic("cost"), 1);
  Record record{.key = std::string(1'000, 'k'), .has_key = true, .value = "x", .has_value = true};
  record.headers.assign(60, {"h", ""});
  write_records(topic, std::vector<Record>(50, record));
  auto options = options_for(topic);
  options.receive_bytes_max = 20'000;  // a message costs more than 5,000
  KafkaReader source{options};
  std::vector<IncomingMessage> some;
  for (std::size_t total = 0; total < 50; total += some.size()) {
    source.receive(1'000, seconds{10}, some);
    ASSERT_FALSE(some.empty());
    EXPECT_LE(some.size(), 4U);
  }
}

TEST(KafkaSource, ResumesAfterTheRecord) {
  const auto topic = create_topic(unique_topic("resume"), 1);
  const auto group = unique_topic("group");
  testing::MemoryOffsets record;
  publish(numbered(topic, 10, 1));
  {
    KafkaReader source{options_for(topic, group), record};
    EXPECT_EQ(receive(source, 4).size(), 4U);
    source.commit();
    EXPECT_EQ(receive(source, 3).size(), 3U);  // and does not commit these
  }
  KafkaReader again{options_for(topic, group), record};
  EXPECT_THAT(payloads(receive(again, 6)), ElementsAre("5", "6", "7", "8", "9", "10"));
}

TEST(KafkaSource, CommitOfNothingIsNothing) {
  const auto topic = create_topic(unique_topic("nothing"), 1);
  KafkaReader source{options_for(topic)};
  source.commit();
  std::vector<IncomingMessage> some;
  source.receive(10, milliseconds{10}, some);
  source.commit();
}

/// Reads until the partition is on record; fails the test when something comes.
void read_until_on_record(KafkaReader& source, const testing::MemoryOffsets& record, const std::string& topic,
                          std::int32_t partition) {
  std::vector<IncomingMessage> some;
  const auto deadline = steady_clock::now() + seconds{30};
  while (!record.next(topic, partition) && steady_clock::now() < deadline) {
    source.receive(10, milliseconds{100}, some);
    EXPECT_THAT(some, IsEmpty());
  }
  ASSERT_TRUE(record.next(topic, partition));
}

TEST(KafkaSource, StartsAtTheEndWhenAskedAndSkipsNothingAfterwards) {
  const auto topic = create_topic(unique_topic("end"), 2);
  const auto group = unique_topic("group");
  testing::MemoryOffsets record;
  publish(numbered(topic, 10, 4));
  auto options = options_for(topic, group);
  options.start = kafka::Start::end;
  {
    KafkaReader source{options, record};
    read_until_on_record(source, record, topic, 0);
  }
  publish({{.topic = topic, .key = "k", .payload = "while away"}});  // written while nobody reads, never committed
  KafkaReader again{options, record};
  EXPECT_THAT(payloads(receive(again, 1)), ElementsAre("while away"));
}

/// What is in a partition that the topic got later was written after the reader began: nothing of it is old.
TEST(KafkaSource, PartitionAddedLaterStartsAtItsBeginning) {
  const auto topic = create_topic(unique_topic("grown"), 1);
  const auto group = unique_topic("group");
  testing::MemoryOffsets record;
  publish(numbered(topic, 10, 4));
  auto options = options_for(topic, group);
  options.start = kafka::Start::end;
  {
    KafkaReader source{options, record};
    read_until_on_record(source, record, topic, 0);
  }
  add_partitions(topic, 8);
  publish(numbered(topic, 50, 50));
  KafkaReader again{options, record};
  EXPECT_EQ(receive(again, 50).size(), 50U);
}

/// The first member puts all partitions on record, so that a second one does not take its share for new.
TEST(KafkaSource, AllPartitionsStartTogether) {
  const auto topic = create_topic(unique_topic("together"), 4);
  publish(numbered(topic, 40, 40));
  testing::MemoryOffsets record;
  auto options = options_for(topic);
  options.start = kafka::Start::end;
  KafkaReader source{options, record};
  read_until_on_record(source, record, topic, 0);
  for (int partition = 1; partition < 4; ++partition) EXPECT_TRUE(record.next(topic, partition)) << partition;
}

TEST(KafkaSource, GroupsOffsetsDecideNothing) {
  const auto topic = create_topic(unique_topic("group-says"), 1);
  const auto group = unique_topic("group");
  testing::MemoryOffsets record;
  publish(numbered(topic, 10, 1));
  {
    KafkaReader source{options_for(topic, group), record};
    EXPECT_EQ(receive(source, 10).size(), 10U);
    source.commit();
  }
  record.set(topic, 0, 4);  // the database was restored to an earlier state
  {
    KafkaReader source{options_for(topic, group), record};
    EXPECT_THAT(payloads(receive(source, 6)), ElementsAre("5", "6", "7", "8", "9", "10"));
    source.commit();
  }
  delete_group(group);  // as when its offsets expire
  publish({{.topic = topic, .key = "k", .payload = "11"}});
  KafkaReader source{options_for(topic, group), record};
  EXPECT_THAT(payloads(receive(source, 1)), ElementsAre("11"));
}

/// The text of the Error{corrupt} that ends the reading; what was received before it goes to `received`.
std::string corruption(KafkaReader& source, std::vector<IncomingMessage>& received) {
  std::vector<IncomingMessage> some;
  const auto deadline = steady_clock::now() + seconds{30};
  try {
    while (steady_clock::now() < deadline) {
      source.receive(1'000, milliseconds{200}, some);
      received.insert(received.end(), some.begin(), some.end());
    }
    ADD_FAILURE() << "it goes on after " << received.size() << " messages";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
    return error.what();
  }
  return {};
}

TEST(KafkaSource, TopicMadeAnewStopsIt) {
  const auto topic = create_topic(unique_topic("anew"), 1);
  const auto group = unique_topic("group");
  testing::MemoryOffsets record;
  publish(numbered(topic, 10, 1));
  {
    KafkaReader source{options_for(topic, group), record};
    EXPECT_EQ(receive(source, 10).size(), 10U);
    source.commit();
  }
  delete_topic(topic);
  create_topic(topic, 1);
  publish(numbered(topic, 3, 1));
  KafkaReader source{options_for(topic, group), record};
  std::vector<IncomingMessage> received;
  EXPECT_THAT(corruption(source, received), AllOf(HasSubstr(topic + "[0] ends at offset 3"), HasSubstr("below 10"),
                                                  HasSubstr("MemoryOffsets::set(\"" + topic + "\", 0, 0)")));
  EXPECT_THAT(received, IsEmpty());
}

/// Two topics; messages of one were deleted by retention. What had been fetched of the other is not lost: it is given
/// before the source stops, or comes again.
TEST(KafkaSource, RetentionInOneTopicLosesNothingOfTheOther) {
  const auto whole = create_topic(unique_topic("whole"), 1);
  const auto cut = create_topic(unique_topic("cut"), 1);
  const auto group = unique_topic("group");
  testing::MemoryOffsets record;
  auto options = options_for(whole, group);
  options.topics = {whole, cut};
  publish(numbered(whole, 5, 1));
  publish(numbered(cut, 5, 1));
  std::vector<IncomingMessage> received;
  {
    KafkaReader source{options, record};
    received = receive(source, 10);
    ASSERT_EQ(received.size(), 10U);
    source.commit();
    publish(numbered(cut, 20, 1));
    publish(numbered(whole, 3'000, 1));
    record.set(cut, 0, 5);
    delete_records_before(cut, 0, 20);
  }
  {
    KafkaReader source{options, record};
    received.clear();
    EXPECT_THAT(corruption(source, received),
                HasSubstr(cut + "[0] begins at offset 20, the next message to handle is 5"));
    record.handled(received);
  }
  record.set(cut, 0, 20);  // what the hint says
  KafkaReader source{options, record};
  EXPECT_EQ(received.size() + receive(source, 3'005 - received.size()).size(), 3'005U);
}

/// The same while the source runs: librdkafka finds out in the middle of a receive().
TEST(KafkaSource, RetentionOvertakesARunningReader) {
  const auto topic = create_topic(unique_topic("overtaken"), 1);
  testing::MemoryOffsets record;
  auto options = options_for(topic);
  options.prefetch_bytes_max = 1'024;
  publish(numbered(topic, 10, 1));
  KafkaReader source{options, record};
  EXPECT_EQ(receive(source, 1).size(), 1U);
  source.commit();
  source.keep_alive();  // drops what was fetched ahead
  publish(numbered(topic, 100, 1));
  delete_records_before(topic, 0, 50);
  std::vector<IncomingMessage> received;
  EXPECT_THAT(corruption(source, received), HasSubstr("begins at offset 50, the next message to handle is 1:"));
}

TEST(KafkaSource, UnknownTopicIsSaid) {
  KafkaReader source{options_for(unique_topic("nowhere"))};
  std::vector<IncomingMessage> some;
  try {
    const auto deadline = steady_clock::now() + seconds{40};
    while (steady_clock::now() < deadline) source.receive(10, milliseconds{200}, some);
    FAIL() << "an unknown topic goes unnoticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_ready);
    EXPECT_THAT(error.what(), HasSubstr("nowhere"));
  }
}

TEST(KafkaSource, AbsentBrokerIsDisconnectedInTime) {
  auto options = options_for("t");
  options.settings["bootstrap.servers"] = "127.0.0.1:1";
  options.disconnected_after = milliseconds{500};
  KafkaReader source{options};
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
  testing::MemoryOffsets record;
  std::map<std::string, int> seen;
  std::vector<IncomingMessage> some;
  const auto step = [&](KafkaReader& source) {
    source.receive(20, milliseconds{50}, some);
    for (const auto& message : some) ++seen[message.payload];
    const auto count = some.size();
    source.commit();
    return count;
  };
  KafkaReader first{options_for(topic, group), record};
  while (seen.empty()) step(first);
  std::set<std::string> of_second;
  KafkaReader second{options_for(topic, group), record};
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
