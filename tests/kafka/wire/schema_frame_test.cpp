#include "wire/schema_frame.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "wire/encoder.hpp"

namespace annals::kafka {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

/// Answers each question at the second time, and remembers them.
class SlowRegistry final : public SchemaRegistry {
 public:
  explicit SlowRegistry(Schema schema) : schema_(std::move(schema)) {}
  std::optional<Schema> find(const Question& question) override {
    asked.push_back(question);
    return asked.size() % 2 == 0 ? std::optional{schema_} : std::nullopt;
  }
  bool wait(std::chrono::milliseconds) override { return false; }
  std::vector<Question> asked;

 private:
  Schema schema_;
};

std::string prefix(const Schema& schema, ContentType type) {
  std::string out{"overwritten"};
  write_prefix(out, schema, type);
  return out;
}

projections::IncomingMessage without_prefix(const std::string& payload, ContentType type) {
  projections::IncomingMessage message;
  message.payload = payload;
  message.content_type = type;
  take_off_prefix(message);
  return message;
}

outbox::MessageView message_of(ContentType type, std::string_view payload) {
  outbox::MessageView view;
  view.topic = "shop.orders";
  view.key = "42";
  view.id = EventId::generate();
  view.type = "shop.v1.OrderPlaced";
  view.content_type = type;
  view.payload = payload;
  return view;
}

// The bytes are those that Confluent's client for Python 2.16 writes: SchemaId.id_to_bytes(), guid_to_bytes().
TEST(SchemaFrame, IsConfluentsByteForByte) {
  EXPECT_EQ(prefix({.id = 0x01020304}, ContentType::json), "\0\1\2\3\4"s);
  EXPECT_EQ(prefix({.id = 7, .message_indexes = {0}}, ContentType::protobuf), "\0\0\0\0\7\0"s);
  EXPECT_EQ(prefix({.id = 7, .message_indexes = {1}}, ContentType::protobuf), "\0\0\0\0\7\2\2"s);
  EXPECT_EQ(prefix({.id = 7, .message_indexes = {2, 0, 70}}, ContentType::protobuf), "\0\0\0\0\7\6\4\0\x8C\1"s);
}

TEST(SchemaFrame, TheHeaderHasTheGuid) {
  Schema schema{.id = 7, .message_indexes = {0}};
  schema.guid.emplace();
  for (std::uint8_t i = 0; i < 16; ++i) (*schema.guid)[i] = i;
  std::string out;
  write_schema_header(out, schema, ContentType::json);
  EXPECT_EQ(out, "\1\0\1\2\3\4\5\6\7\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"s);
  EXPECT_EQ(out.size(), 17U);
  write_schema_header(out, schema, ContentType::protobuf);
  EXPECT_EQ(out.size(), 18U);
}

TEST(SchemaFrame, IsTakenOff) {
  for (const std::vector<std::int32_t>& indexes :
       std::vector<std::vector<std::int32_t>>{{0}, {1}, {2, 0, 70}, {8191}}) {
    const auto framed = prefix({.id = -1, .message_indexes = indexes}, ContentType::protobuf) + "\0payload"s;
    const auto read = without_prefix(framed, ContentType::protobuf);
    EXPECT_EQ(read.payload, "\0payload"s);
    EXPECT_EQ(read.damaged, "");
  }
  EXPECT_EQ(without_prefix("\0\0\0\0\7{}"s, ContentType::json).payload, "{}");
  EXPECT_EQ(without_prefix("", ContentType::json).damaged, "");  // a tombstone
}

TEST(SchemaFrame, WhatHasNoneIsDamagedAndStaysAsItIs) {
  for (const auto& payload : {"{}"s, "\0\0\0"s, "\1\0\0\0\7{}"s}) {
    const auto read = without_prefix(payload, ContentType::json);
    EXPECT_EQ(read.payload, payload);
    EXPECT_THAT(read.damaged, HasSubstr("does not begin with the id"));
  }
  for (const auto& indexes : {""s, "\x80\x80\x80\x80\x80\x80"s, "\6\2"s, "\xFE\xFF\xFF\xFF\x0F"s}) {
    const auto read = without_prefix("\0\0\0\0\7"s + indexes, ContentType::protobuf);
    EXPECT_THAT(read.damaged, HasSubstr("where the id of its schema ends"));
  }
  EXPECT_THAT(without_prefix("\0\0\0\0\7x"s, ContentType::octet_stream).damaged,
              HasSubstr("neither JSON nor Protobuf"));
}

TEST(Encoder, AFrameIsWaitedFor) {
  SlowRegistry registry{{.id = 7, .message_indexes = {1}}};
  Encoder encoder{"/shop", {{.framing = Framing::prefix}}, &registry};
  const auto message = message_of(ContentType::protobuf, "\x0A\x01x");
  EXPECT_FALSE(encoder.encode(message).has_value());
  const auto encoded = encoder.encode(message);
  ASSERT_TRUE(encoded.has_value());
  EXPECT_EQ(encoded->payload, "\0\0\0\0\7\2\2\x0A\x01x"s);
}

TEST(Encoder, AsksForTheSubjectThatItsRuleNames) {
  SlowRegistry registry{{.id = 7}};
  for (const auto subject : {SubjectStrategy::topic, SubjectStrategy::record, SubjectStrategy::topic_record}) {
    Encoder encoder{"/shop", {{.framing = Framing::prefix, .subject = subject}}, &registry};
    (void)encoder.encode(message_of(ContentType::json, "{}"));
    (void)encoder.encode(message_of(ContentType::json, "{}"));
  }
  ASSERT_EQ(registry.asked.size(), 6U);
  EXPECT_EQ(registry.asked[0].subject, "shop.orders-value");
  EXPECT_EQ(registry.asked[2].subject, "shop.v1.OrderPlaced");
  EXPECT_EQ(registry.asked[4].subject, "shop.orders-shop.v1.OrderPlaced");
}

TEST(Encoder, FramesAvroByItsIdAlone) {
  SlowRegistry registry{{.id = 7}};
  Encoder encoder{"/shop", {{.framing = Framing::prefix}}, &registry};
  const auto message = message_of(ContentType::octet_stream, "x");
  (void)encoder.encode(message);
  EXPECT_EQ(encoder.encode(message)->payload, "\0\0\0\0\7x"s);
  EXPECT_EQ(registry.asked.back().content_type, ContentType::octet_stream);
}

TEST(Encoder, FramesNeitherTombstonesNorWhatNoRegistryKnows) {
  SlowRegistry registry{{.id = 7}};
  Encoder encoder{"/shop", {{.tombstone_types = {"shop.v1.OrderPlaced"}, .framing = Framing::prefix}}, &registry};
  EXPECT_TRUE(encoder.encode(message_of(ContentType::json, ""))->is_tombstone);
  EXPECT_TRUE(registry.asked.empty());
  Encoder by_header{"/shop", {{.framing = Framing::header}}, &registry};
  (void)by_header.encode(message_of(ContentType::json, "{}"));
  EXPECT_THROW((void)by_header.encode(message_of(ContentType::json, "{}")), Error);  // it has no GUID
  EXPECT_THROW((Encoder{"/shop", {{.framing = Framing::prefix}}}), Error);
}

}  // namespace
}  // namespace annals::kafka
