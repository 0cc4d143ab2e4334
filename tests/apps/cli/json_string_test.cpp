#include "json_string.hpp"

#include <gtest/gtest.h>

#include "json_scanner.hpp"

namespace annals::cli {
namespace {

using namespace std::string_literals;

TEST(JsonString, EscapesOnlyWhatItMust) {
  EXPECT_EQ(json_string("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_string("\b\f\n\r\t\x01\x1f\x7f"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(json_string("\0"s), R"("\u0000")");
  EXPECT_EQ(json_string("é注🎉"), "\"é注🎉\"");
}

TEST(JsonString, DecodesEveryEscape) {
  EXPECT_EQ(decode_json_string(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(decode_json_string(R"("\u0041\u00e9\u6ce8\uD83C\uDF89")"), "Aé注🎉");
  EXPECT_EQ(decode_json_string(R"("\u0000")"), "\0"s);
}

TEST(JsonString, RefusesHalfASurrogatePair) {
  for (const auto* token :
       {R"("\ud800")", R"("\ud800x")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800\ud800")", R"("\ud83c\n")"}) {
    EXPECT_THROW((void)decode_json_string(token), JsonError) << token;
  }
}

}  // namespace
}  // namespace annals::cli
