#include "wire/encoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "annals/outbox/shard.hpp"
#include "wire/cloud_event.hpp"
#include "wire/structured_event.hpp"

namespace annals::kafka {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(const rd_kafka_headers_t& headers) {
  Pairs pairs;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(&headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    pairs.emplace_back(name, std::string{static_cast<const char*>(value), size});
  }
  return pairs;
}

outbox::MessageView order() {
  outbox::MessageView view;
  view.position = 7;
  view.topic = "shop.orders";
  view.key = "42";
  view.id = EventId::parse("0190a6c2-7d2e-7000-8000-0123456789ab").value();
  view.type = "shop.OrderPlaced.v1";
  view.content_type = ContentType::json;
  view.payload = R"({"total":1.50})";
  view.time = parse_timestamp("2026-03-01T12:00:00.25Z").value();
  view.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  view.headers = {{"tenant", "acme"}, {"shard", "3"}};
  return view;
}

/// A record of order(), or of what is made of it.
struct Made {
  std::string key;
  bool has_key = false;
  bool is_tombstone = false;
  std::string payload;
  Placement placement;
  Pairs headers;
};

Made make(const EncodingRule& rule, const outbox::MessageView& message = order()) {
  Encoder encoder{"/shop", {rule}};
  const auto encoded = std::move(encoder.encode(message)).value();
  return {std::string{encoded.key},     encoded.has_key,   encoded.is_tombstone,
          std::string{encoded.payload}, encoded.placement, pairs_of(*encoded.headers)};
}

/// What a record takes, with the lengths that Kafka writes before each part, or more.
std::size_t size_of(const Made& made) {
  constexpr std::size_t lengths = 10;
  auto bytes = made.key.size() + made.payload.size() + 2 * lengths;
  for (const auto& [name, value] : made.headers) bytes += name.size() + value.size() + lengths;
  return bytes;
}

projections::IncomingMessage read_back(std::string_view value) {
  projections::IncomingMessage read;
  read.payload = value;
  read_structured(read);
  return read;
}

std::string refusal(const EncodingRule& rule, const outbox::MessageView& message) {
  try {
    (void)make(rule, message);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    return std::string{error.message()};
  }
  return "accepted";
}

std::string objection(const EncodingRules& rules) {
  try {
    require_valid(rules);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_FALSE(error.hint().empty());
    return std::string{error.message()};
  }
  return "valid";
}

const std::pair<std::string, std::string> trace{"traceparent",
                                                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"};

TEST(Encoder, WithoutARuleARecordIsWhatItAlwaysWas) {
  Encoder encoder{"/shop", {{.topic = "other.*", .encoding = Encoding::raw}}};
  const auto message = order();
  const auto encoded = encoder.encode(message).value();
  EXPECT_EQ(pairs_of(*encoded.headers), pairs_of(*make_headers(message, "/shop")));
  EXPECT_EQ(encoded.key, message.key);
  EXPECT_EQ(encoded.payload, message.payload);
  EXPECT_FALSE(encoded.is_tombstone);
  EXPECT_TRUE(encoded.placement.is_by_key());
}

TEST(Encoder, ARuleThatSaysNothingChangesNothing) {
  EXPECT_EQ(make({}).headers, pairs_of(*make_headers(order(), "/shop")));
}

TEST(Encoder, RawIsThePayloadAndWhatTheMessageBrought) {
  const auto record = make({.encoding = Encoding::raw});
  EXPECT_EQ(record.payload, R"({"total":1.50})");
  EXPECT_EQ(record.key, "42");
  EXPECT_THAT(record.headers, ElementsAre(trace, Pair("tenant", "acme"), Pair("shard", "3")));
}

TEST(Encoder, DebeziumIsItsRoutersKeyPayloadAndId) {
  const auto record = make({.encoding = Encoding::debezium, .attributes = {{"type", "eventType"}}});
  EXPECT_EQ(record.payload, R"({"total":1.50})");
  EXPECT_EQ(record.key, "42");
  EXPECT_THAT(record.headers,
              ElementsAre(Pair("id", "0190a6c2-7d2e-7000-8000-0123456789ab"), Pair("eventType", "shop.OrderPlaced.v1"),
                          trace, Pair("tenant", "acme"), Pair("shard", "3")));
}

TEST(Encoder, DebeziumRefusesAMessageThatBringsAnIdOfItsOwn) {
  auto message = order();
  message.headers = {{"id", "1"}};
  EXPECT_THAT(refusal({.encoding = Encoding::debezium}, message), HasSubstr("header id of the message at position 7"));
  EXPECT_THAT(make({.encoding = Encoding::debezium, .rename = {{"id", "own-id"}}}, message).headers,
              testing::Contains(Pair("own-id", "1")));
}

TEST(Encoder, StructuredComesBackDigitByDigit) {
  auto message = order();
  message.subject = "order-42";
  message.sequence = 7;
  message.correlation_id = "c";
  message.payload = R"({"total": 1.50, "n": 12345678901234567890})";
  const auto record = make({.encoding = Encoding::cloudevents_structured}, message);
  EXPECT_THAT(record.headers, ElementsAre(Pair("content-type", "application/cloudevents+json"), trace,
                                          Pair("tenant", "acme"), Pair("shard", "3")));
  const auto read = read_back(record.payload);
  EXPECT_EQ(read.damaged, "");
  EXPECT_EQ(read.id, message.id.to_string());
  EXPECT_EQ(read.source, "/shop");
  EXPECT_EQ(read.type, message.type);
  EXPECT_EQ(read.subject, "order-42");
  EXPECT_EQ(read.sequence, 7);
  EXPECT_EQ(read.time, message.time);
  EXPECT_EQ(read.content_type, ContentType::json);
  EXPECT_EQ(read.payload, message.payload);
  EXPECT_EQ(read.metadata.correlation_id, "c");
  EXPECT_EQ(read.metadata.traceparent, trace.second);
}

TEST(Encoder, StructuredCarriesAnyBytes) {
  for (const auto type : {ContentType::protobuf, ContentType::json, ContentType::octet_stream}) {
    auto message = order();
    message.content_type = type;
    message.payload = std::string_view{"\0\xFF{", 3};  // no JSON, whatever it says
    const auto read = read_back(make({.encoding = Encoding::cloudevents_structured}, message).payload);
    EXPECT_EQ(read.damaged, "");
    EXPECT_EQ(read.payload, message.payload);
    EXPECT_EQ(read.content_type, type);
  }
}

TEST(StructuredEvent, WhatIsNoneIsDamagedAndStaysAsItIs) {
  for (const std::string_view text : {"", "[]", "{", R"({"id":"1"})", R"({"specversion":"1.0","data_base64":"?"})",
                                      R"({"specversion":"1.0","id":"\ud800"})"}) {
    const auto read = read_back(text);
    EXPECT_THAT(read.damaged, HasSubstr("no CloudEvent")) << text;
    EXPECT_EQ(read.payload, text);
  }
}

TEST(StructuredEvent, OfOthersKeepsWhatItDoesNotKnow) {
  const auto read =
      read_back(R"({"specversion":"1.0","id":"1","source":"s","type":"t","tenant":"acme","level":3,"data":"\u20ac"})");
  EXPECT_THAT(read.metadata.headers, ElementsAre(Pair("ce_tenant", "acme"), Pair("ce_level", "3")));
  EXPECT_EQ(read.payload, R"("\u20ac")");
  EXPECT_EQ(read.content_type, ContentType::json);
}

TEST(Encoder, AKeyIsTakenFromWhereItsRuleSays) {
  using From = KeyRule::From;
  EXPECT_EQ(make({.key = {.from = From::id}}).key, "0190a6c2-7d2e-7000-8000-0123456789ab");
  EXPECT_EQ(make({.key = {.from = From::header, .text = "tenant"}}).key, "acme");
  EXPECT_EQ(make({.key = {.from = From::constant, .text = "all"}}).key, "all");
  EXPECT_FALSE(make({.key = {.from = From::none}}).has_key);
  EXPECT_THAT(refusal({.key = {.from = From::header, .text = "region"}}, order()),
              HasSubstr("position 7 for topic shop.orders has no header region, which its key is taken from"));
}

TEST(Encoder, APartitionIsChosenByWhatItsRuleSays) {
  using By = PartitionRule::By;
  const auto by_text = make({.partition = {.by = By::header, .header = "tenant"}}).placement;
  EXPECT_EQ(by_text.by, Placement::By::text);
  EXPECT_EQ(by_text.text, "acme");
  const auto by_number = make({.partition = {.by = By::number, .header = "shard"}}).placement;
  EXPECT_EQ(by_number.by, Placement::By::number);
  EXPECT_EQ(by_number.number, 3);
  const auto by_shard = make({.key = {.from = KeyRule::From::none}, .partition = {.by = By::shard}}).placement;
  EXPECT_EQ(by_shard.by, Placement::By::hash);
  EXPECT_EQ(by_shard.hash, outbox::shard_hash(order().key, order().position));
  EXPECT_THAT(refusal({.partition = {.by = By::number, .header = "tenant"}}, order()), HasSubstr("no number"));
  EXPECT_THAT(refusal({.partition = {.by = By::header, .header = "region"}}, order()), HasSubstr("no header region"));
}

TEST(Encoder, HeadersAreRenamedDroppedAndAdded) {
  const auto record = make({.encoding = Encoding::raw,
                            .rename = {{"tenant", "x-tenant"}},
                            .drop = {"shard", "traceparent"},
                            .add = {{"env", "prod"}, {"x-tenant", "nobody"}}});
  EXPECT_THAT(record.headers, ElementsAre(Pair("x-tenant", "acme"), Pair("env", "prod")));
}

TEST(Encoder, ATombstoneIsAnEmptyPayloadThatSaysSo) {
  const EncodingRule by_type{.tombstone_types = {"shop.OrderPlaced.v1"}};
  const EncodingRule by_header{.encoding = Encoding::cloudevents_structured, .tombstone_header = "deleted"};
  auto message = order();
  EXPECT_FALSE(make(by_type, message).is_tombstone);  // it has a payload
  message.payload = "";
  EXPECT_TRUE(make(by_type, message).is_tombstone);
  EXPECT_FALSE(make({}, message).is_tombstone);
  EXPECT_FALSE(make(by_header, message).is_tombstone);
  message.headers = {{"deleted", "false"}};
  EXPECT_FALSE(make(by_header, message).is_tombstone);
  message.headers = {{"deleted", "true"}};
  const auto record = make(by_header, message);
  EXPECT_TRUE(record.is_tombstone);
  EXPECT_EQ(record.payload, "");
  EXPECT_THAT(record.headers,
              testing::Contains(Pair("ce_type", "shop.OrderPlaced.v1")));  // there is no value to say it
  message.key = "";
  EXPECT_THAT(refusal(by_header, message), HasSubstr("is a tombstone and has no key"));
}

/// A message may be one itself, whatever the rules are: of a row that was deleted.
TEST(Encoder, AMessageThatIsATombstoneNeedsNoRule) {
  auto message = order();
  message.payload = "";
  message.tombstone = true;
  EXPECT_TRUE(make({.encoding = Encoding::raw}, message).is_tombstone);
  EXPECT_TRUE(make({.encoding = Encoding::cloudevents_structured}, message).is_tombstone);
  EXPECT_TRUE(Encoder("/shop", {}).encode(message)->is_tombstone) << "and none at all";
  message.tombstone = false;
  EXPECT_FALSE(Encoder("/shop", {}).encode(message)->is_tombstone);
}

TEST(Encoder, ARuleForACategoryHoldsForItsEventsOnly) {
  Encoder encoder{"/shop", {{.topic = "shop.*", .category = "order", .encoding = Encoding::raw}}};
  auto event = order();
  event.subject = "order-42";
  EXPECT_EQ(pairs_of(*encoder.encode(event)->headers).size(), 3U);
  event.subject = "payment-42";
  EXPECT_GT(pairs_of(*encoder.encode(event)->headers).size(), 3U);
  event.subject = "";
  EXPECT_GT(pairs_of(*encoder.encode(event)->headers).size(), 3U);
}

TEST(EncodingRules, RefuseWhatWouldTakeAKeyApart) {
  using By = PartitionRule::By;
  const PartitionRule by_tenant{.by = By::header, .header = "tenant"};
  EXPECT_THAT(objection({{.topic = "shop.orders"}, {.topic = "shop.*", .partition = by_tenant}}),
              HasSubstr("encoding 2 (topic shop.*): and encoding 1 (topic shop.orders) choose partitions"));
  EXPECT_THAT(objection({{.topic = "a", .category = "order", .partition = by_tenant}}), HasSubstr("one category"));
  EXPECT_EQ(objection({{.topic = "shop.orders", .partition = by_tenant}, {.topic = "shop.*", .partition = by_tenant}}),
            "valid");
  EXPECT_EQ(objection({{.topic = "a.*"}, {.topic = "b.*", .partition = by_tenant}}), "valid");
}

TEST(EncodingRules, RefuseNamesThatAreNotTheirs) {
  EXPECT_THAT(objection({{.rename = {{"a", "ce_type"}}}}), HasSubstr("rename to \"ce_type\": the sink makes it"));
  EXPECT_THAT(objection({{.add = {{"Content-Type", "x"}}}}), HasSubstr("add \"Content-Type\""));
  EXPECT_THAT(objection({{.add = {{"__value_schema_id", "x"}}}}), HasSubstr("schema registry"));
  EXPECT_THAT(objection({{.encoding = Encoding::debezium, .add = {{"id", "x"}}}}), HasSubstr("Debezium"));
  EXPECT_THAT(objection({{.rename = {{"traceparent", "x"}}}}), HasSubstr("no header of the message's own"));
  EXPECT_THAT(objection({{.drop = {"ce_id"}}}), HasSubstr("need it"));
  EXPECT_EQ(objection({{.drop = {"traceparent", "tracestate"}}}), "valid");
  EXPECT_THAT(objection({{.rename = {{"a", "b"}}, .drop = {"a"}}}), HasSubstr("renamed or dropped twice"));
}

TEST(EncodingRules, RefuseWhatCannotBeMeant) {
  EXPECT_THAT(objection({{.topic = "shop orders"}}), HasSubstr("matches no topic"));
  EXPECT_THAT(objection({{.topic = "shop.*"}, {.topic = "shop.orders"}}),
              HasSubstr("encoding 2 (topic shop.orders): is never"));
  EXPECT_THAT(objection({{.category = "order"}, {.category = "order"}}), HasSubstr("never reached"));
  EXPECT_EQ(objection({{.topic = "shop.orders"}, {.topic = "shop.*"}, {}}), "valid");
  EXPECT_THAT(objection({{.key = {.from = KeyRule::From::constant}}}), HasSubstr("constant key is empty"));
  EXPECT_THAT(objection({{.attributes = {{"type", "x"}}}}), HasSubstr("in the CloudEvent already"));
  EXPECT_THAT(objection({{.encoding = Encoding::raw, .attributes = {{"colour", "x"}}}}), HasSubstr("not an attribute"));
  EXPECT_THAT(objection({{.key = {.from = KeyRule::From::id}, .tombstone_types = {"t"}}}),
              HasSubstr("tombstones need"));
  EXPECT_THAT(objection({{.encoding = Encoding::cloudevents_structured, .framing = Framing::prefix}}),
              HasSubstr("cannot be framed"));
}

// By it is decided what leaves as a claim.
TEST(Encoder, SaysHowLargeARecordIsAtMost) {
  auto bytes = order();
  bytes.content_type = ContentType::protobuf;
  const std::string payload(20'000, '\xff');
  bytes.payload = payload;
  auto text = order();
  const auto json = '"' + std::string(20'000, 'j') + '"';
  text.payload = json;
  const EncodingRule rules[] = {
      {},
      {.encoding = Encoding::cloudevents_structured},
      {.encoding = Encoding::cloudevents_structured, .key = {.from = KeyRule::From::id}},
      {.encoding = Encoding::raw, .key = {.from = KeyRule::From::constant, .text = std::string(500, 'k')}},
      {.encoding = Encoding::debezium, .add = {{"long", std::string(500, 'v')}}, .attributes = {{"type", "eventType"}}},
  };
  for (const auto& rule : rules) {
    for (const auto& message : {bytes, text}) {
      const Encoder encoder{"/shop", {rule}};
      EXPECT_LE(size_of(make(rule, message)), encoder.record_bytes(message));
      EXPECT_LE(encoder.record_bytes(message), size_of(make(rule, message)) + 1'500) << "and not much more";
    }
  }
  EXPECT_LE(size_of(make({}, bytes)), Encoder("/shop", {}).record_bytes(bytes));
}

TEST(Encoder, AClaimIsInEveryEncodingAndNoTombstone) {
  auto message = order();
  message.claim = "annals-claim:shop/annals/1?bytes=1&sha256=0";
  message.payload = "{}";
  using enum Encoding;
  for (const auto encoding : {cloudevents_binary, cloudevents_structured, raw, debezium}) {
    const auto made =
        make({.encoding = encoding, .drop = {"tenant"}, .tombstone_types = {"shop.OrderPlaced.v1"}}, message);
    EXPECT_THAT(made.headers, testing::Contains(Pair("annals-claim", message.claim)));
    EXPECT_FALSE(made.is_tombstone);
  }
  EXPECT_THAT(make({.encoding = cloudevents_structured}, message).payload, HasSubstr(R"("dataref":"annals-claim:)"));
  message.headers.emplace_back("annals-claim", "forged");
  for (const auto encoding : {cloudevents_binary, raw}) {
    EXPECT_THAT(refusal({.encoding = encoding}, message), HasSubstr("annals-claim")) << "nobody else brings one";
  }
}

}  // namespace
}  // namespace annals::kafka
