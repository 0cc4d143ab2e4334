#include "annals/core/type_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "annals/core/protobuf_codec.hpp"
#include "codec/sample.pb.h"

using annals::ContentType;
using annals::TypeRegistry;
using sample::v1::AccountOpened;
using testing::HasSubstr;

namespace {

struct Note {
  std::string text;
};

AccountOpened sample_event() {
  AccountOpened event;
  event.set_owner("Ada");
  event.set_limit_cents(9'007'199'254'740'993);  // not a double
  return event;
}

annals::Codec<Note> note_codec() {
  return {ContentType::json, [](const Note& note) { return "\"" + note.text + "\""; },
          [](ContentType, std::string_view json) { return Note{std::string{json.substr(1, json.size() - 2)}}; }};
}

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const annals::Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST(TypeRegistry, RoundTripsProtobufUnderItsFullName) {
  TypeRegistry types;
  annals::add_protobuf<AccountOpened>(types);
  const auto event = types.encode(sample_event());
  EXPECT_EQ(event.type, "sample.v1.AccountOpened");
  EXPECT_EQ(event.content_type, ContentType::protobuf);
  const auto back = types.decode<AccountOpened>(event.type, event.content_type, event.data);
  EXPECT_EQ(back.SerializeAsString(), sample_event().SerializeAsString());
}

TEST(TypeRegistry, ReadsProtobufsJsonMappingToo) {
  TypeRegistry types;
  types.add<AccountOpened>("opened", annals::protobuf_codec<AccountOpened>(ContentType::json));
  const auto event = types.encode(sample_event());
  EXPECT_EQ(event.content_type, ContentType::json);
  EXPECT_THAT(event.data, HasSubstr("\"9007199254740993\""));
  const auto back =
      types.decode<AccountOpened>("opened", ContentType::json, R"({"owner":"Ada","limitCents":"7","new":1})");
  EXPECT_EQ(back.limit_cents(), 7);
}

TEST(TypeRegistry, TakesAnyCodec) {
  TypeRegistry types;
  types.add<Note>("note.v1", note_codec());
  const auto event = types.encode(Note{"hello"});
  EXPECT_EQ(event.data, "\"hello\"");
  EXPECT_EQ(types.decode<Note>("note.v1", ContentType::json, event.data).text, "hello");
}

TEST(TypeRegistry, ReadsOldNamesThroughAliases) {
  TypeRegistry types;
  types.add<Note>("note.v1", note_codec());
  types.alias("Memo", "note.v1");
  EXPECT_TRUE(types.knows("Memo"));
  EXPECT_EQ(types.decode<Note>("Memo", ContentType::json, "\"x\"").text, "x");
  EXPECT_EQ(types.encode(Note{}).type, "note.v1");
}

TEST(TypeRegistry, RefusesWhatIsNotClear) {
  TypeRegistry types;
  types.add<Note>("note.v1", note_codec());
  EXPECT_THAT(message_of([&] { types.add<int>("note.v1", {}); }), HasSubstr("registered twice"));
  EXPECT_THAT(message_of([&] { types.add<Note>("other", note_codec()); }),
              HasSubstr("already registered as \"note.v1\""));
  EXPECT_THAT(message_of([&] { types.alias("old", "nothing"); }), HasSubstr("unknown type \"nothing\""));
  EXPECT_THAT(message_of([&] { (void)types.decode<Note>("x", ContentType::json, ""); }), HasSubstr("\"x\" is unknown"));
  EXPECT_THAT(message_of([&] { (void)types.decode<int>("note.v1", ContentType::json, ""); }),
              HasSubstr("not the C++ type"));
  EXPECT_THAT(message_of([&] { (void)types.encode(1.5); }), HasSubstr("not registered"));
}

TEST(TypeRegistry, SaysWhichTypeTheBytesAreNot) {
  TypeRegistry types;
  annals::add_protobuf<AccountOpened>(types);
  const auto read = [&](ContentType content_type, std::string_view data) {
    return message_of([&] { (void)types.decode<AccountOpened>("sample.v1.AccountOpened", content_type, data); });
  };
  EXPECT_THAT(read(ContentType::protobuf, "\xff\xff"), HasSubstr("2 bytes are not a sample.v1.AccountOpened"));
  EXPECT_THAT(read(ContentType::json, "{"), HasSubstr("not the JSON of sample.v1.AccountOpened"));
}
