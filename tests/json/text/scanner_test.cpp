#include "annals/json/scanner.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace annals::json {
namespace {

bool accepts(std::string_view text) {
  try {
    (void)compact(text);
    return true;
  } catch (const Malformed&) {
    return false;
  }
}

TEST(Scanner, KeepsEveryDigitAndEveryEscape) {
  const auto* text = R"( { "b" : [ 0.10 , 12345678901234567890.123 , -0 , 1E400 , 1e-0 ] ,
                           "a" : " two  blanks \u00e9 \/ \ud800 " , "a" : { } } )";
  EXPECT_EQ(compact(text),
            R"({"b":[0.10,12345678901234567890.123,-0,1E400,1e-0],"a":" two  blanks \u00e9 \/ \ud800 ","a":{}})");
}

TEST(Scanner, SlicesTheMembersOfAnObjectAsTheyAre) {
  const auto members = json::members(R"({"a" : 1.50 , "\u0062":{"x" : [ ]},"a":null})", 100);
  ASSERT_EQ(members.size(), 3U);
  EXPECT_EQ(members[0].name, "a");
  EXPECT_EQ(members[0].text, "1.50");
  EXPECT_EQ(members[1].name, "b");
  EXPECT_EQ(members[1].text, R"({"x" : [ ]})");
  EXPECT_EQ(members[2].name, "a");
}

TEST(Scanner, RefusesWhatIsNotJson) {
  for (const auto* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "[,1]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\" 1}",
                           "[1 2]",
                           "01",
                           "-",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "1e+",
                           "0x10",
                           "NaN",
                           "Infinity",
                           "tru",
                           "True",
                           "nullx",
                           "\"",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"a\nb\"",
                           "1 1",
                           "{}{}",
                           "//c\n1",
                           "[1]]",
                           "\xEF\xBB\xBF{}",
                           "\"\xFF\"",
                           "\"\xC0\x80\"",
                           "\"\xED\xA0\x80\""}) {
    EXPECT_FALSE(accepts(text)) << text;
  }
  EXPECT_FALSE(accepts(std::string_view{"\"a\0b\"", 5}));
}

TEST(Scanner, NamesThePlace) {
  try {
    (void)compact(R"({"a": 1, "b": tru})");
    FAIL();
  } catch (const Malformed& error) {
    EXPECT_EQ(error.offset(), 14U);
  }
}

TEST(Scanner, BoundsNesting) {
  const auto nested = [](int levels) {
    const auto n = static_cast<std::size_t>(levels);
    return std::string(n, '[') + std::string(n, ']');
  };
  EXPECT_TRUE(accepts(nested(depth_max)));
  EXPECT_FALSE(accepts(nested(depth_max + 1)));
  const std::string open(depth_max, '[');
  EXPECT_TRUE(accepts(open + "1" + std::string(depth_max, ']'))) << "a number is no level";
  EXPECT_FALSE(accepts(std::string(10'000'000, '[')));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_FALSE(accepts(objects));
}

/// JSON texts with a few bytes changed: half of them broken, in all sorts of ways.
class Mutations {
 public:
  explicit Mutations(unsigned seed) : random_(seed) {}
  std::string next() {
    auto text = value(4);
    for (auto count = random_() % 3; count > 0 && !text.empty(); --count) mutate(text);
    return text;
  }

 private:
  std::string value(int depth) {
    static constexpr const char* leaves[] = {"0",
                                             "-1",
                                             "1.5e3",
                                             "0.10",
                                             "true",
                                             "false",
                                             "null",
                                             "\"\"",
                                             "\"a\\nb\"",
                                             "\"\\u00e9\"",
                                             "\"é\"",
                                             "12345678901234567890",
                                             "\"\\uD83C\\uDF89\""};
    const auto kind = depth == 0 ? 0 : random_() % 4;
    if (kind < 2) return leaves[random_() % std::size(leaves)];
    std::string text = kind == 2 ? "[" : "{";
    for (auto i = random_() % 4; i > 0; --i) {
      if (text.size() > 1) text += random_() % 2 ? "," : " ,\t";
      if (kind == 3) text += "\"k\" :";
      text += value(depth - 1);
    }
    return text + (kind == 2 ? "]" : "}");
  }
  void mutate(std::string& text) {
    static constexpr std::string_view bytes = "{}[],:\"\\0123456789.eE+-tfnu \n\x01\xC3\xA9";
    const auto at = random_() % text.size();
    const auto how = random_() % 3;
    if (how == 0) text.erase(at, 1);
    if (how == 1) text.insert(at, 1, bytes[random_() % bytes.size()]);
    if (how == 2) text[at] = bytes[random_() % bytes.size()];
  }
  std::mt19937 random_;
};

TEST(Scanner, AgreesWithAnotherParserOnRandomTexts) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  Mutations mutations{seed};
  int accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto text = mutations.next();
    // The other parser refuses numbers that no double holds and \u escapes of half a pair: both are JSON (RFC 8259).
    const bool other = nlohmann::json::accept(text);
    const bool beyond_it = text.find_first_of("eE") != std::string::npos || text.find("\\u") != std::string::npos;
    if (!other && beyond_it) continue;
    ASSERT_EQ(accepts(text), other) << text;
    if (!other) continue;
    ++accepted;
    ASSERT_EQ(nlohmann::json::parse(compact(text)), nlohmann::json::parse(text)) << text;
  }
  EXPECT_GT(accepted, 20'000);
}

TEST(Scanner, BoundsWhatItKeeps) {
  std::string line = "{\"a\":1";
  for (int i = 0; i < 1'000'000; ++i) line += ",\"a\":1";
  line += "}";
  EXPECT_THROW((void)json::members(line, 64), Malformed);
  EXPECT_THROW((void)json::elements("[1,2,3]", 2), Malformed);
  EXPECT_EQ(json::elements("[1,2,3]", 3).size(), 3U);
}

}  // namespace
}  // namespace annals::json
