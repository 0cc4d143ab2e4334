#include "annals/core/text.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"

using annals::invalid_text_offset;
using annals::nearest;
using annals::printable;
using annals::without_terminal_controls;

TEST(Text, AcceptsWellFormedUtf8) {
  for (const auto* text : {"", "plain", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_FALSE(invalid_text_offset(text)) << printable(text);
  }
}

TEST(Text, FindsIllFormedUtf8) {
  // Stray continuation, overlong forms, surrogates, past U+10FFFF, cut short (Unicode 15, table 3-7).
  for (const auto* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xc2", "\xe2\x82", "\xf0\x9f\x98", "\xff", "\xc3\x28"}) {
    EXPECT_EQ(invalid_text_offset(text), 0U) << printable(text);
  }
  EXPECT_EQ(invalid_text_offset("abc\xffxyz"), 3U);
  EXPECT_EQ(invalid_text_offset(std::string_view{"ab\0c", 4}), 2U);
}

TEST(Text, PrintableHasNoControlBytes) {
  EXPECT_EQ(printable("a\x1b[31m\r\n\t\"\\\xff☃"), "a\\x1b[31m\\x0d\\n\\t\\\"\\\\\\xff☃");
  EXPECT_EQ(printable(std::string(50, 'x'), 10), "xxxxxxxxxx...");
}

TEST(Text, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(without_terminal_controls("a\x7F"), "a\\u007f");
  EXPECT_EQ(without_terminal_controls("\xC2\x9B"
                                      "31m"),
            "\\u009b31m");  // C1 CSI
  EXPECT_EQ(without_terminal_controls("\xE2\x80\xAE"
                                      "x"),
            "\\u202ex");  // right-to-left override
  EXPECT_EQ(without_terminal_controls("naïve 注文 🎉"), "naïve 注文 🎉");
  EXPECT_EQ(without_terminal_controls("\xff\n"), "\xff\n");
  EXPECT_EQ(printable("\xC2\x9B☃\x7f"), "\\u009b☃\\x7f");
}

TEST(Text, IdentifierIsPlain) {
  for (const auto* name : {"annals", "_a9", "a"}) EXPECT_NO_THROW(annals::require_identifier("schema", name));
  for (const std::string name : {"", "9a", "A", "a-b", "a.b", "a\"b", "a;drop", "ä"}) {
    EXPECT_THROW(annals::require_identifier("schema", name), annals::Error) << name;
  }
  EXPECT_THROW(annals::require_identifier("schema", std::string(64, 'a')), annals::Error);
}

TEST(Text, NearestIsWhatWasProbablyMeant) {
  EXPECT_EQ(nearest("nmae", {"name", "sink"}), "name");
  EXPECT_EQ(nearest("compresion.type", {"client.id", "compression.type", "compression.level"}), "compression.type");
  EXPECT_EQ(nearest("name", {"names", "name"}), "name");
}

TEST(Text, NearestIsNothingWhenNoneIsNear) {
  EXPECT_EQ(nearest("completely-different", {"name", "sink"}), "");
  EXPECT_EQ(nearest("name", {}), "");
}

TEST(Text, NearestDoesNotCompareWhatIsNoSlipOfTheFinger) {
  const std::string longest(64, 'x');
  EXPECT_EQ(nearest(longest, {longest}), longest);
  EXPECT_EQ(nearest(longest + "x", {longest}), "");
}
