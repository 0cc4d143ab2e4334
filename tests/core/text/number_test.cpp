#include "annals/core/text/number.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

using annals::parse_number;

TEST(Number, IsAllOfTheText) {
  EXPECT_EQ(parse_number<std::int64_t>("0"), 0);
  EXPECT_EQ(parse_number<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_number<std::uint8_t>("fF", 16), 255);
  for (const auto* text : {"", " 1", "1 ", "+1", "1x", "0x1", "1.0", "-", "9223372036854775808"}) {
    EXPECT_EQ(parse_number<std::int64_t>(text), std::nullopt) << text;
  }
}

TEST(Number, FitsItsType) {
  EXPECT_EQ(parse_number<std::uint32_t>("4294967295"), 4'294'967'295U);
  EXPECT_EQ(parse_number<std::uint32_t>("4294967296"), std::nullopt);
  EXPECT_EQ(parse_number<std::uint32_t>("-1"), std::nullopt);
}
