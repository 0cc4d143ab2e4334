#include "annals/json/string.hpp"

#include <gtest/gtest.h>

#include "annals/json/scanner.hpp"

namespace annals::json {
namespace {

using namespace std::string_literals;

TEST(JsonString, EscapesOnlyWhatItMust) {
  EXPECT_EQ(as_string("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(as_string("\b\f\n\r\t\x01\x1f"), R"("\b\f\n\r\t\u0001\u001f")");
  EXPECT_EQ(as_string("\0"s), R"("\u0000")");
  EXPECT_EQ(as_string("é注🎉"), "\"é注🎉\"");
}

TEST(JsonString, DecodesEveryEscape) {
  EXPECT_EQ(decode_string(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(decode_string(R"("\u0041\u00e9\u6ce8\uD83C\uDF89")"), "Aé注🎉");
  EXPECT_EQ(decode_string(R"("\u0000")"), "\0"s);
}

TEST(JsonString, RefusesHalfASurrogatePair) {
  for (const auto* token :
       {R"("\ud800")", R"("\ud800x")", R"("\udc00")", R"("\ud800\u0041")", R"("\ud800\ud800")", R"("\ud83c\n")"}) {
    EXPECT_THROW((void)decode_string(token), Malformed) << token;
  }
}

TEST(JsonString, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(as_string("a\xC2\x9B"
                      "2Jb\xE2\x80\xAE"
                      "c\x7F"),
            R"("a\u009b2Jb\u202ec\u007f")");
  EXPECT_EQ(decode_string(as_string("\xC2\x9B")), "\xC2\x9B");
}

TEST(JsonString, IsUnicodeWhateverComesIn) {
  EXPECT_EQ(as_string("a\xFF\xC2"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(as_string(std::string_view{"\0x", 2}), R"("\u0000x")");
}

}  // namespace
}  // namespace annals::json
