#include "annals/postgres/array_literal.hpp"

#include <gtest/gtest.h>

using annals::postgres::ArrayLiteral;
using annals::postgres::read_headers;
using annals::postgres::write_headers;

TEST(ArrayLiteral, QuotesEveryElement) {
  ArrayLiteral array;
  array.add("plain");
  array.add("a \"quote\", a \\ and {braces}");
  array.add_null();
  array.add("");
  array.add_optional("");
  array.add_optional("x");
  EXPECT_EQ(std::move(array).finish(), R"({"plain","a \"quote\", a \\ and {braces}",NULL,"",NULL,"x"})");
  EXPECT_EQ(ArrayLiteral{}.finish(), "{}");
}

TEST(ArrayLiteral, HeadersComeBackAsTheyWere) {
  const std::vector<std::pair<std::string, std::string>> headers{
      {"plain", "value"}, {"empty", ""}, {"odd", "\",\\{}\n\tNULL"}, {"NULL", "null"}, {"ünï", "☃"}};
  EXPECT_EQ(read_headers(*write_headers(headers)), headers);
  EXPECT_FALSE(write_headers({}));
}

TEST(ArrayLiteral, ReadsWhatPostgresWrites) {
  // array_out leaves quotes out where none are needed.
  const std::vector<std::pair<std::string, std::string>> expected{{"a", "b"}, {"c d", "e,f"}};
  EXPECT_EQ(read_headers(R"({a,b,"c d","e,f"})"), expected);
  EXPECT_TRUE(read_headers("{}").empty());
}
