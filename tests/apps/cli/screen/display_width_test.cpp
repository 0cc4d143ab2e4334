#include "cli/screen/display_width.hpp"

#include <gtest/gtest.h>

#include <clocale>

namespace annals::cli {
namespace {

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("é"), 1U);
  EXPECT_EQ(display_width("e\xCC\x81"), 1U);  // combining accent
  EXPECT_EQ(display_width("注文"), 4U);
  EXPECT_EQ(display_width("🎉"), 2U);
}

TEST(DisplayWidth, KnowsTheSymbolsThatPeoplePutIntoNames) {
  for (const auto* symbol : {"✅", "❌", "⭐", "⌚", "☕", "🟢", "🚀", "🧾", "한", "ｆ"}) {
    EXPECT_EQ(display_width(symbol), 2U) << symbol;
  }
  for (const auto* symbol : {"→", "…", "é", "ß", "Ж", "✓"}) EXPECT_EQ(display_width(symbol), 1U) << symbol;
}

TEST(DisplayWidth, LeavesTheLocaleAsItIs) {
  const auto before = ::uselocale(nullptr);
  (void)display_width("✅");
  EXPECT_EQ(::uselocale(nullptr), before);
}

TEST(DisplayWidth, SurvivesMalformedText) {
  EXPECT_EQ(display_width("\xFF\xFE"), 2U);
  EXPECT_EQ(display_width("\xF0"), 1U);
}

TEST(CutToWidth, CutsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc…");
  EXPECT_EQ(cut_to_width("注文注文", 4), "注…");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

}  // namespace
}  // namespace annals::cli
