#include "annals/json/json_codec.hpp"

#include <gmock/gmock.h>

#include "annals/core/error.hpp"
#include "annals/core/type_registry.hpp"

namespace annals {
namespace {

using ::testing::HasSubstr;

struct Note {
  std::string text;
};

/// As a careless application writes it: nothing is escaped.
TypeRegistry types() {
  TypeRegistry types;
  types.add<Note>("note.v1", json_codec<Note>([](const Note& note) { return "\"" + note.text + "\""; },
                                              [](std::string_view json) {
                                                return Note{std::string{json.substr(1, json.size() - 2)}};
                                              }));
  return types;
}

template <class Work>
Error error_of(Work work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error{ErrorKind::failed, ""};
}

TEST(JsonCodec, RoundTripsWhatTheApplicationWrites) {
  const auto event = types().encode(Note{"hello"});
  EXPECT_EQ(event.content_type, ContentType::json);
  EXPECT_EQ(event.data, "\"hello\"");
  EXPECT_EQ(types().decode<Note>("note.v1", ContentType::json, event.data).text, "hello");
}

TEST(JsonCodec, StoresNothingThatIsNoJson) {
  for (const auto* text : {"a \" quote", "a\nline", "\\x", "\xff"}) {
    const auto error = error_of([&] { (void)types().encode(Note{text}); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid) << text;
    EXPECT_THAT(error.message(), HasSubstr("byte ")) << text;
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(JsonCodec, GivesTheApplicationNothingElseThanJson) {
  for (const auto* data : {"", "x", "\"a", "\"a\" \"b\"", "{\"a\":}"}) {
    const auto error = error_of([&] { (void)types().decode<Note>("note.v1", ContentType::json, data); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt) << data;
    EXPECT_THAT(error.message(), HasSubstr("not JSON: byte ")) << data;
  }
  const auto error = error_of([&] { (void)types().decode<Note>("note.v1", ContentType::protobuf, "\"a\""); });
  EXPECT_THAT(error.message(), HasSubstr("application/protobuf"));
}

}  // namespace
}  // namespace annals
