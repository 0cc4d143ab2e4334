#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "kafka/messages.hpp"

// What a KafkaSource is told of how its topics are written, on records of others and of our own sink.
namespace annals::tests {
namespace {

using namespace std::string_literals;
using kafka::KafkaSink;
using kafka::KafkaSource;
using projections::IncomingMessage;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

KafkaSource::Options options_for(const std::string& topic) {
  return {.settings = {{"bootstrap.servers", kafka_brokers()}}, .group = unique_topic("group"), .topics = {topic}};
}

std::vector<IncomingMessage> receive(KafkaSource::Options options, std::size_t count) {
  KafkaReader source{std::move(options)};
  std::vector<IncomingMessage> all;
  std::vector<IncomingMessage> some;
  for (int i = 0; i < 300 && all.size() < count; ++i) {
    source.receive(count - all.size(), milliseconds{200}, some);
    all.insert(all.end(), some.begin(), some.end());
  }
  EXPECT_EQ(all.size(), count);
  all.resize(count);
  return all;
}

Record record(const std::string& value, const std::string& content_type) {
  return {.value = value, .has_value = true, .headers = {{"content-type", content_type}}};
}

class SourceEncoding : public ::testing::Test {
 protected:
  const std::string topic_ = create_topic(unique_topic("encoded"), 1);
};

TEST_F(SourceEncoding, TakesTheIdsOfSchemasOff) {
  write_records(topic_, {record("\0\0\0\0\7{}"s, "application/json"),
                         record("\0\0\0\0\7\0\x0A\1x"s, "application/protobuf"),
                         record("\0\0\0\0\7\4\2\0\x0A\1x"s, "application/protobuf"),
                         {.key = "k", .has_key = true}});
  auto options = options_for(topic_);
  options.take_off_schema_ids = true;
  const auto received = receive(options, 4);
  EXPECT_EQ(received[0].payload, "{}");
  EXPECT_EQ(received[1].payload, "\x0A\1x");
  EXPECT_EQ(received[2].payload, "\x0A\1x");
  EXPECT_EQ(received[3].payload, "") << "a tombstone has none";
  for (const auto& message : received) EXPECT_EQ(message.damaged, "");
}

TEST_F(SourceEncoding, LeavesThemWhereItIsNotToldOfThem) {
  write_records(topic_, {record("\0\0\0\0\7{}"s, "application/json")});
  const auto received = receive(options_for(topic_), 1);
  EXPECT_EQ(received[0].payload, "\0\0\0\0\7{}"s);
  EXPECT_EQ(received[0].damaged, "");
}

// It goes on: what to do with such a message is the reader's to say.
TEST_F(SourceEncoding, MarksWhatHasNoIdAsDamagedAndKeepsIt) {
  write_records(topic_, {record("{}", "application/json"),
                         record("\0\0\0\0\7x"s, "application/octet-stream"),
                         {.value = "\0\0\0\0\7x"s, .has_value = true},
                         record("\0\0\0\0\7{}"s, "application/json")});
  auto options = options_for(topic_);
  options.take_off_schema_ids = true;
  const auto received = receive(options, 4);
  EXPECT_EQ(received[0].payload, "{}");
  EXPECT_THAT(received[0].damaged, HasSubstr("does not begin with the id"));
  EXPECT_EQ(received[1].payload, "\0\0\0\0\7x"s);
  for (const auto i : {1U, 2U}) EXPECT_THAT(received[i].damaged, HasSubstr("neither JSON nor Protobuf"));
  EXPECT_EQ(received[3].payload, "{}");
  EXPECT_EQ(received[3].damaged, "");
}

TEST_F(SourceEncoding, FindsIdAndTypeInTheHeadersThatItIsTold) {
  write_records(topic_, {{.headers = {{"id", "a-1"}, {"eventType", "Placed"}, {"colour", "red"}}},
                         {.headers = {{"ce_id", "a-2"}, {"ce_type", "Paid"}, {"id", "x"}, {"eventType", "y"}}},
                         {.headers = {{"colour", "red"}}}});
  auto options = options_for(topic_);
  options.id_header = "id";
  options.type_header = "eventType";
  const auto received = receive(options, 3);
  EXPECT_EQ(received[0].id, "a-1");
  EXPECT_EQ(received[0].type, "Placed");
  EXPECT_THAT(received[0].metadata.headers, ElementsAre(Pair("colour", "red")));
  EXPECT_EQ(received[1].id, "a-2") << "a CloudEvent says it itself";
  EXPECT_EQ(received[1].type, "Paid");
  EXPECT_THAT(received[1].metadata.headers, ElementsAre(Pair("id", "x"), Pair("eventType", "y")));
  EXPECT_EQ(received[2].id, "");
  EXPECT_EQ(received[2].type, "");
}

TEST_F(SourceEncoding, LeavesThoseHeadersAloneWithoutBeingTold) {
  write_records(topic_, {{.headers = {{"id", "a-1"}}}});
  const auto received = receive(options_for(topic_), 1);
  EXPECT_EQ(received[0].id, "");
  EXPECT_THAT(received[0].metadata.headers, ElementsAre(Pair("id", "a-1")));
}

/// Has one schema, the first message nested in the third of its file.
class FixedRegistry final : public kafka::SchemaRegistry {
 public:
  std::optional<kafka::Schema> find(const Question&) override {
    return kafka::Schema{.id = 258, .message_indexes = {2, 0}};
  }
  bool wait(milliseconds) override { return false; }
};

// What our own sink writes comes back whole, whichever the encoding; a structured event has no id of a schema before it.
TEST_F(SourceEncoding, ReadsWhatTheSinkFramed) {
  FixedRegistry registry;
  const auto structured = create_topic(unique_topic("structured"), 1);
  using kafka::Encoding;
  KafkaSink sink{{.settings = {{"bootstrap.servers", kafka_brokers()}},
                  .encodings = {{.topic = structured, .encoding = Encoding::cloudevents_structured},
                                {.encoding = Encoding::debezium,
                                 .attributes = {{"type", "eventType"}, {"datacontenttype", "content-type"}},
                                 .framing = kafka::Framing::prefix}},
                  .schema_registry = &registry}};
  const std::vector<TestMessage> messages{{.position = 1, .topic = topic_, .key = "k", .payload = "\x0A\1x"},
                                          {.position = 2, .topic = structured, .key = "k", .payload = "\x0A\1y"}};
  Outcome outcome;
  for (const auto& message : messages) {
    auto view = message.view();
    view.content_type = ContentType::protobuf;
    while (sink.send(view) == KafkaSink::Send::full) poll_into(sink, outcome, milliseconds{5});
  }
  drain(sink, outcome);
  for (const auto& message : messages) {
    auto options = options_for(message.topic);
    options.take_off_schema_ids = true;
    options.id_header = "id";
    options.type_header = "eventType";
    const auto received = receive(options, 1);
    EXPECT_EQ(received[0].damaged, "");
    EXPECT_EQ(received[0].payload, message.payload);
    EXPECT_EQ(received[0].id, message.id.to_string());
    EXPECT_EQ(received[0].type, "annals.test.Numbered");
    EXPECT_THAT(received[0].metadata.headers, IsEmpty());
  }
}

}  // namespace
}  // namespace annals::tests
