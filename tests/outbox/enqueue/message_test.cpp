#include "annals/outbox/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"

namespace annals::outbox {
namespace {

using testing::HasSubstr;

Message valid() { return {.topic = "orders", .key = "order-1", .type = "shop.v1.OrderPlaced", .payload = "x"}; }

std::string refusal(const std::function<void(Message&)>& spoil) {
  auto message = valid();
  spoil(message);
  try {
    require_valid(message);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_FALSE(error.hint().empty());
    return error.what();
  }
  return "accepted";
}

TEST(MessageTopic, AcceptsWhatKafkaAccepts) {
  for (const auto* topic : {"a", "orders", "A.b_c-9", "...", "_"}) EXPECT_NO_THROW(require_topic(topic)) << topic;
  EXPECT_NO_THROW(require_topic(std::string(limits::topic_bytes_max, 't')));
}

TEST(MessageTopic, RefusesWhatKafkaRefuses) {
  for (const auto* topic : {"", ".", "..", "a b", "a/b", "ä", "a\n", "a:b"}) EXPECT_THROW(require_topic(topic), Error);
  EXPECT_THROW(require_topic(std::string(limits::topic_bytes_max + 1, 't')), Error);
  EXPECT_THROW(require_topic(std::string_view("a\0b", 3)), Error);
}

TEST(MessageLimits, AcceptsTheLargestMessage) {
  auto message = valid();
  message.payload = std::string(limits::event_data_bytes_max, '\0');
  message.key = std::string(message_key_bytes_max, 'k');
  message.type = std::string(limits::event_type_bytes_max, 't');
  EXPECT_NO_THROW(require_valid(message));
}

TEST(MessageLimits, NamesTheMemberThatBreaksALimit) {
  EXPECT_THAT(refusal([](Message& m) { m.topic = "no topic"; }), HasSubstr("no topic"));
  EXPECT_THAT(refusal([](Message& m) { m.key = std::string(message_key_bytes_max + 1, 'k'); }),
              HasSubstr("message key"));
  EXPECT_THAT(refusal([](Message& m) { m.key = std::string("a\0b", 3); }), HasSubstr("message key"));
  EXPECT_THAT(refusal([](Message& m) { m.key = "\xff"; }), HasSubstr("message key"));
  EXPECT_THAT(refusal([](Message& m) { m.type.clear(); }), HasSubstr("message type"));
  EXPECT_THAT(refusal([](Message& m) { m.type = "\xc3\x28"; }), HasSubstr("message type"));
  EXPECT_THAT(refusal([](Message& m) { m.payload.resize(limits::event_data_bytes_max + 1); }), HasSubstr("payload"));
  EXPECT_THAT(refusal([](Message& m) { m.id = EventId{}; }), HasSubstr("id"));
  EXPECT_THAT(refusal([](Message& m) { m.metadata.headers = {{"", "v"}}; }), HasSubstr("header name"));
  EXPECT_THAT(refusal([](Message& m) { m.metadata.headers = {{"Ce_id", "v"}}; }), HasSubstr("\"Ce_id\" is reserved"));
  EXPECT_THAT(refusal([](Message& m) { m.occurred_at = Timestamp::max(); }), HasSubstr("occurred_at"));
  EXPECT_THAT(refusal([](Message& m) { m.metadata.traceparent = "\xff"; }), HasSubstr("traceparent"));
}

}  // namespace
}  // namespace annals::outbox
