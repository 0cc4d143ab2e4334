#include "annals/postgres/array_literal.hpp"

#include <gtest/gtest.h>

#include <random>

#include "annals/core/error.hpp"
#include "annals/postgres/pqxx_compat.hpp"

using annals::Error;
using annals::ErrorKind;
using annals::postgres::ArrayLiteral;
using annals::postgres::read_headers;
using annals::postgres::write_headers;

TEST(ArrayLiteral, QuotesEveryElement) {
  ArrayLiteral array;
  array.add("plain");
  array.add("a \"quote\", a \\ and {braces}");
  array.add_null();
  array.add("");
  array.add_null();
  array.add("x");
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

namespace {

/// Whether it is refused; the reason must be that it is corrupt.
template <class Work>
bool refused(Work work) {
  try {
    work();
    return false;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    return true;
  }
}

}  // namespace

TEST(ArrayLiteral, RefusesWhatIsNoArrayOfPairs) {
  for (const auto* literal : {"", "{", "}", "x", "{a}", "{a,NULL}", "{{a,b}}", "{{a},{b}}", "[1:1][1:2]={{a,b}}",
                              "{a,b", "{a,b}x", "{\"a,b}", "{a,\"b\\", "{,}", "{a,}", "[1:2", "{\"a\"b,c}"}) {
    EXPECT_TRUE(refused([&] { (void)read_headers(literal); })) << literal;
  }
  EXPECT_EQ(read_headers("[5:6]={a,b}").size(), 1U);  // where it begins means nothing
  EXPECT_EQ(read_headers("{\"NULL\",b}")[0].first, "NULL");
}

TEST(ArrayLiteral, NoTextWhateverAborts) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  const std::string whole = R"([5:8]={a,"b \"c",NULLS,"x,\\}"})";
  const std::string alphabet = "{}[]\",\\:=NULab5 ";
  int bad = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto text = whole;
    for (auto changes = random() % 4; changes > 0; --changes)
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    if (random() % 3 == 0) text.resize(random() % (text.size() + 1));
    bad += refused([&] { (void)read_headers(text); }) ? 1 : 0;
    (void)refused([&] { (void)annals::postgres::decode_bytea(text); });
    (void)refused([&] { (void)annals::postgres::decode_bytea("\\x" + text); });
  }
  EXPECT_GT(bad, 1000);
}

TEST(Bytea, IsReadInHexAndInEscapeForm) {
  using annals::postgres::decode_bytea;
  EXPECT_EQ(decode_bytea("\\x00ff41"), (std::string{"\0\xff"
                                                    "A",
                                                    3}));
  EXPECT_EQ(decode_bytea("\\000\\377A\\\\x"), (std::string{"\0\xff"
                                                           "A\\x",
                                                           5}));
  EXPECT_EQ(decode_bytea(""), "");
  for (const auto* text : {"\\x0", "\\x0g", "\\", "\\40", "\\400", "\\08a", "\\xAB"}) {
    EXPECT_TRUE(refused([&] { (void)decode_bytea(text); })) << text;
  }
}
