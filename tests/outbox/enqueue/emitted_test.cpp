#include "enqueue/emitted.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <vector>

#include "annals/core/error.hpp"
#include "support/error_of.hpp"

namespace annals::outbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

template <class Int>
std::string big_endian(Int value) {
  std::string out;
  for (std::size_t i = sizeof value; i-- > 0;) out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  return out;
}

struct Field {
  std::uint32_t oid;
  std::string bytes;
  bool null = false;
};

/// As PostgreSQL's record_send() writes it.
std::string record(const std::vector<Field>& fields) {
  auto out = big_endian(static_cast<std::int32_t>(fields.size()));
  for (const auto& field : fields) {
    out += big_endian(field.oid) + big_endian(field.null ? -1 : static_cast<std::int32_t>(field.bytes.size())) +
           field.bytes;
  }
  return out;
}

std::string array_of(const std::vector<std::string>& elements) {
  auto out = big_endian(std::int32_t{1}) + big_endian(std::int32_t{0}) + big_endian(std::uint32_t{17}) +
             big_endian(static_cast<std::int32_t>(elements.size())) + big_endian(std::int32_t{1});
  for (const auto& element : elements) out += big_endian(static_cast<std::int32_t>(element.size())) + element;
  return out;
}

enum At : std::size_t {
  position,
  id,
  recorded,
  occurred,
  content,
  topic,
  key,
  type,
  payload,
  correlation,
  headers = 13
};

std::vector<Field> good() {
  return {{20, big_endian(std::int64_t{42})},
          {2950, std::string(15, '\1') + '\2'},
          {1184, big_endian(std::int64_t{7})},
          {1184, "", true},
          {21, big_endian(std::int16_t{1})},
          {17, "orders"},
          {17, "k\xC3\xBC"},
          {17, "shop.v1.OrderPlaced"},
          {17, std::string("\0\xFF", 2)},
          {17, "c1"},
          {17, "", true},
          {17, "00-ab"},
          {17, "", true},
          {1001, array_of({"tenant", "7", "empty", ""})}};
}

std::string fault_in(const std::string& bytes) {
  MessageView view;
  const auto error = tests::error_of([&] { decode_emitted(bytes, view); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  return error.message();
}

std::string fault_in(std::size_t at, Field field) {
  auto fields = good();
  fields.at(at) = std::move(field);
  return fault_in(record(fields));
}

TEST(Emitted, HasEveryMemberOfAMessage) {
  const auto bytes = record(good());
  MessageView view;
  view.subject = "of another";
  view.fault = "of another";
  decode_emitted(bytes, view);
  EXPECT_EQ(view.position, 42);
  EXPECT_EQ(view.id.to_string(), "01010101-0101-0101-0101-010101010102");
  EXPECT_EQ(view.content_type, ContentType::json);
  EXPECT_EQ(view.topic, "orders");
  EXPECT_EQ(view.key, "k\xC3\xBC");
  EXPECT_EQ(view.type, "shop.v1.OrderPlaced");
  EXPECT_EQ(view.payload, std::string_view("\0\xFF", 2));
  EXPECT_EQ(view.correlation_id, "c1");
  EXPECT_EQ(view.causation_id, "");
  EXPECT_EQ(view.traceparent, "00-ab");
  EXPECT_THAT(view.headers, ElementsAre(Pair("tenant", "7"), Pair("empty", "")));
  EXPECT_EQ(view.subject, "");
  EXPECT_EQ(view.fault, "");
  EXPECT_EQ(format_timestamp(view.time), "2000-01-01T00:00:00.000007Z");
}

TEST(Emitted, HappenedWhenItSaysSo) {
  auto fields = good();
  fields[occurred] = {1184, big_endian(std::int64_t{1'000'000})};
  MessageView view;
  const auto bytes = record(fields);
  decode_emitted(bytes, view);
  EXPECT_EQ(format_timestamp(view.time), "2000-01-01T00:00:01Z");
}

TEST(Emitted, IsRefusedWhenItIsCutShortAnywhere) {
  const auto bytes = record(good());
  for (std::size_t size = 0; size < bytes.size(); ++size) (void)fault_in(bytes.substr(0, size));
  EXPECT_THAT(fault_in(bytes + '\0'), HasSubstr("longer"));
}

TEST(Emitted, IsRefusedWhenAFieldIsNotWhatItMustBe) {
  EXPECT_THAT(fault_in(topic, {25, "orders"}), HasSubstr("type 25 in field 6"));
  EXPECT_THAT(fault_in(position, {20, big_endian(std::int32_t{42})}), HasSubstr("4 bytes, not 8"));
  EXPECT_THAT(fault_in(position, {20, big_endian(std::int64_t{0})}), HasSubstr("position 0"));
  EXPECT_THAT(fault_in(position, {20, big_endian(std::int64_t{-1})}), HasSubstr("position -1"));
  EXPECT_THAT(fault_in(position, {20, big_endian(INT64_MAX)}), HasSubstr("position 9223372036854775807"));
  EXPECT_THAT(fault_in(id, {2950, std::string(16, '\0')}), HasSubstr("no id"));
  EXPECT_THAT(fault_in(recorded, {1184, "", true}), HasSubstr("NULL"));
  EXPECT_THAT(fault_in(content, {21, big_endian(std::int16_t{3})}), HasSubstr("content type 3"));
  EXPECT_THAT(fault_in(topic, {17, "a/b"}), HasSubstr("no topic"));
  EXPECT_THAT(fault_in(topic, {17, "", true}), HasSubstr("NULL"));
  EXPECT_THAT(fault_in(key, {17, std::string(1025, 'k')}), HasSubstr("key of 1025"));
  EXPECT_THAT(fault_in(type, {17, ""}), HasSubstr("type of 0"));
  EXPECT_THAT(fault_in(payload, {17, std::string((16U << 20U) + 1, 'x')}), HasSubstr("payload of 16777217"));
  EXPECT_THAT(fault_in(headers, {1001, array_of({"name"})}), HasSubstr("lacks its value"));
  auto fields = good();
  fields.pop_back();
  EXPECT_THAT(fault_in(record(fields)), HasSubstr("13 fields"));
}

/// A length that is more than there is, up to the largest that there can be.
TEST(Emitted, BelievesNoLength) {
  const auto bytes = record(good());
  for (const std::uint32_t length : {9U, 0x7FFFFFFFU, 0xFFFFFFFEU}) {
    auto lying = bytes;
    lying.replace(8, 4, big_endian(length));
    (void)fault_in(lying);
  }
}

TEST(EmittedPrefix, KnowsItsSchemasByTheirSecret) {
  const EmittedPrefix ours{"annals", "0190"};
  using Of = EmittedPrefix::Of;
  EXPECT_EQ(ours.of("annals.outbox/1/annals/0190"), Of::ours);
  EXPECT_EQ(ours.of("annals.outbox/2/annals/0190"), Of::newer);
  for (const auto* other :
       {"", "annals.outbox/", "annals.outbox/1", "annals.outbox/1/annals/", "annals.outbox/1/annals/019",
        "annals.outbox/1/annals/0191", "annals.outbox/1/other/0190", "annals.events/1/annals/0190",
        "Annals.outbox/1/annals/0190", "annals.outbox/1/annals/0190 "}) {
    EXPECT_EQ(ours.of(other), Of::others) << other;
  }
  EXPECT_EQ(EmittedPrefix{}.of("annals.outbox/1"), Of::others);
  EXPECT_EQ(EmittedPrefix{}.of("annals.outbox/1//"), Of::others);
}

}  // namespace
}  // namespace annals::outbox
