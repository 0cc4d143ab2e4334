#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "annals/outbox/shard.hpp"
#include "kafka/messages.hpp"

namespace annals::tests {
namespace {

using kafka::Encoding;
using kafka::EncodingRule;
using kafka::KafkaSink;
using kafka::KeyRule;
using kafka::PartitionRule;
using ::testing::HasSubstr;

KafkaSink::Options by(const EncodingRule& rule) {
  KafkaSink::Options options{.settings = {{"bootstrap.servers", kafka_brokers()}}};
  options.encodings = {rule};
  return options;
}

/// Sends one view until it is taken.
void send(KafkaSink& sink, const outbox::MessageView& message, Outcome& outcome) {
  while (sink.send(message) == KafkaSink::Send::full) poll_into(sink, outcome, std::chrono::milliseconds{5});
}

/// Numbered messages with a header: tenant of five, shard of three.
class Tenants {
 public:
  explicit Tenants(const std::string& topic, std::int64_t count) : messages_(numbered(topic, count, 7)) {}

  void send_to(KafkaSink& sink) {
    Outcome outcome;
    for (const auto& message : messages_) {
      auto view = message.view();
      const auto tenant = "tenant-" + std::to_string(message.position % 5);
      const auto shard = std::to_string(message.position % 3);
      view.headers = {{"tenant", tenant}, {"shard", shard}};
      send(sink, view, outcome);
    }
    drain(sink, outcome);
    EXPECT_EQ(delivered_count(outcome), messages_.size());
  }

 private:
  std::vector<TestMessage> messages_;
};

std::map<std::string, std::set<std::int32_t>> partitions_by(const std::vector<Record>& records,
                                                            const std::string& header) {
  std::map<std::string, std::set<std::int32_t>> partitions;
  for (const auto& record : records) partitions[record.header(header)].insert(record.partition);
  return partitions;
}

/// The values of a header whose records are not in the order that they were sent in.
std::vector<std::string> out_of_order(const std::vector<Record>& records, const std::string& header) {
  auto by_header = records;
  for (auto& record : by_header) record.key = record.header(header);
  return keys_out_of_order(by_header);
}

TEST(SinkEncoding, PlacesByAHeaderAsItsTextWouldBePlacedAsAKey) {
  const auto topic = create_topic(unique_topic("placed-by-header"), 4);
  const auto as_keys = create_topic(unique_topic("placed-by-key"), 4);
  KafkaSink sink{
      by({.topic = "placed-by-header*", .partition = {.by = PartitionRule::By::header, .header = "tenant"}})};
  Tenants{topic, 20'000}.send_to(sink);
  KafkaSink other{by({.key = {.from = KeyRule::From::header, .text = "tenant"}})};
  Tenants{as_keys, 10}.send_to(other);
  const auto records = read_all(topic);
  ASSERT_EQ(records.size(), 20'000U);
  EXPECT_EQ(partitions_by(records, "tenant"), partitions_by(read_all(as_keys), "tenant"));
  EXPECT_THAT(out_of_order(records, "tenant"), ::testing::IsEmpty());
  EXPECT_EQ(records.front().key.substr(0, 4), "key-");  // the key is the message's
}

TEST(SinkEncoding, PlacesByANumber) {
  const auto topic = create_topic(unique_topic("placed-by-number"), 3);
  KafkaSink sink{
      by({.key = {.from = KeyRule::From::none}, .partition = {.by = PartitionRule::By::number, .header = "shard"}})};
  Tenants{topic, 20'000}.send_to(sink);
  const auto records = read_all(topic);
  ASSERT_EQ(records.size(), 20'000U);
  for (const auto& record : records) ASSERT_EQ(std::to_string(record.partition), record.header("shard"));
  EXPECT_THAT(out_of_order(records, "shard"), ::testing::IsEmpty());
  EXPECT_FALSE(records.front().has_key);
}

TEST(SinkEncoding, PlacesByWhatShardsAreDividedBy) {
  const auto topic = create_topic(unique_topic("placed-by-shard"), 6);
  KafkaSink sink{by({.partition = {.by = PartitionRule::By::shard}})};
  Outcome outcome;
  std::map<std::string, std::uint64_t> expected;
  for (std::int64_t position = 1; position <= 500; ++position) {
    const TestMessage message{.position = position,
                              .topic = topic,
                              .key = position % 10 == 0 ? "" : "key-" + std::to_string(position % 97),
                              .payload = std::to_string(position)};
    expected[message.payload] = outbox::shard_hash(message.key, position) % 6;
    send(sink, message.view(), outcome);
  }
  drain(sink, outcome);
  const auto records = read_all(topic);
  ASSERT_EQ(records.size(), 500U);
  for (const auto& record : records) {
    EXPECT_EQ(static_cast<std::uint64_t>(record.partition), expected.at(record.value)) << record.key;
  }
}

TEST(SinkEncoding, RefusesAPartitionThatTheTopicDoesNotHave) {
  const auto topic = create_topic(unique_topic("no-such-partition"), 2);
  KafkaSink sink{by({.partition = {.by = PartitionRule::By::number, .header = "shard"}})};
  const auto message = numbered(topic, 1, 1).front();
  auto view = message.view();
  view.headers = {{"shard", "2"}};
  try {
    (void)sink.send(view);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_THAT(std::string{error.message()}, HasSubstr("names a partition that the topic does not have"));
  }
  Outcome outcome;
  view.headers = {{"shard", "1"}};
  send(sink, view, outcome);  // the sink goes on
  drain(sink, outcome);
  EXPECT_EQ(delivered_count(outcome), 1U);
}

// The broker refuses a request that is too large for the topic: the sink sends what was in it again, one by one, through a second
// producer, and what goes there must go where the rest went.
TEST(SinkEncoding, PlacesAgainAsBeforeAfterARefusal) {
  const auto topic = create_topic(unique_topic("placed-again"), 3, {{"max.message.bytes", "2000"}});
  KafkaSink sink{by({.partition = {.by = PartitionRule::By::number, .header = "shard"}})};
  Outcome outcome;
  for (std::int64_t position = 1; position <= 3'000; ++position) {
    const TestMessage message{.position = position, .topic = topic, .key = "k", .payload = std::string(100, 'x')};
    auto view = message.view();
    const auto shard = std::to_string(position % 3);
    view.headers = {{"shard", shard}};
    send(sink, view, outcome);
  }
  drain(sink, outcome);
  EXPECT_EQ(delivered_count(outcome), 3'000U);
  for (const auto& record : read_all(topic)) ASSERT_EQ(std::to_string(record.partition), record.header("shard"));
}

TEST(SinkEncoding, ATombstoneHasNoValueAndAnEmptyPayloadHasOne) {
  const auto topic = create_topic(unique_topic("tombstones"), 1);
  KafkaSink sink{by({.tombstone_header = "deleted"})};
  Outcome outcome;
  for (std::int64_t position : {1, 2}) {
    const TestMessage message{.position = position, .topic = topic, .key = "k"};
    auto view = message.view();
    if (position == 2) view.headers = {{"deleted", "true"}};
    send(sink, view, outcome);
  }
  drain(sink, outcome);
  const auto records = read_all(topic);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_TRUE(records[0].has_value);
  EXPECT_FALSE(records[1].has_value);
  EXPECT_EQ(records[1].key, "k");
}

TEST(SinkEncoding, TombstonesThatWaitedKeepTheirKind) {
  const auto topic = create_topic(unique_topic("tombstones-wait"), 1);
  KafkaSink sink{by({.tombstone_header = "deleted"})};
  Outcome outcome;
  for (std::int64_t position = 1; position <= 2'000; ++position) {
    const TestMessage message{.position = position, .topic = topic, .key = "k"};
    auto view = message.view();
    if (position % 2 == 0) view.headers = {{"deleted", "true"}};
    send(sink, view, outcome);
  }
  drain(sink, outcome);
  const auto records = read_all(topic);
  ASSERT_EQ(records.size(), 2'000U);
  for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i].has_value, i % 2 == 0) << i;
}

TEST(SinkEncoding, ASourceReadsStructuredEventsAsBinaryOnes) {
  std::vector<projections::IncomingMessage> read;
  for (const auto encoding : {Encoding::cloudevents_binary, Encoding::cloudevents_structured}) {
    const auto topic = create_topic(unique_topic("both-modes"), 1);
    KafkaSink sink{by({.encoding = encoding})};
    const TestMessage message{.topic = topic,
                              .key = "k",
                              .payload = R"({"price":1.10})",
                              .id = EventId::parse("0190a6c2-7d2e-7000-8000-0123456789ab").value()};
    auto view = message.view();
    view.content_type = ContentType::json;
    view.correlation_id = "c";
    view.headers = {{"tenant", "acme"}};
    Outcome outcome;
    send(sink, view, outcome);
    drain(sink, outcome);
    KafkaReader reader{{.settings = {{"bootstrap.servers", kafka_brokers()}}, .group = topic, .topics = {topic}}};
    std::vector<projections::IncomingMessage> messages;
    for (int i = 0; i < 300 && messages.empty(); ++i) reader.receive(10, std::chrono::milliseconds{100}, messages);
    ASSERT_EQ(messages.size(), 1U);
    read.push_back(messages.front());
  }
  EXPECT_EQ(read[1].damaged, "");
  EXPECT_EQ(read[0].id, read[1].id);
  EXPECT_EQ(read[0].type, read[1].type);
  EXPECT_EQ(read[0].source, read[1].source);
  EXPECT_EQ(read[0].time, read[1].time);
  EXPECT_EQ(read[0].content_type, read[1].content_type);
  EXPECT_EQ(read[0].payload, read[1].payload);
  EXPECT_EQ(read[0].metadata, read[1].metadata);
}

}  // namespace
}  // namespace annals::tests
