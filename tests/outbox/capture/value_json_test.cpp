#include "capture/value_json.hpp"

#include <gtest/gtest.h>

#include "annals/json/scanner.hpp"

namespace annals::outbox {
namespace {

using Kind = ValueForm::Kind;

std::string shown(ValueForm form, std::string_view text) {
  std::string out;
  append_value(out, form, text);
  EXPECT_NO_THROW(json::require_value(out)) << out;
  return out;
}

TEST(ValueJson, WritesEachKindAsItsTypeIs) {
  EXPECT_EQ(shown({Kind::boolean}, "t"), "true");
  EXPECT_EQ(shown({Kind::integer}, "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(shown({Kind::real}, "1e-07"), "1e-07");
  EXPECT_EQ(shown({Kind::real}, "-Infinity"), R"("-Infinity")");
  EXPECT_EQ(shown({Kind::json}, R"({"a": [1, null]})"), R"({"a": [1, null]})");
  EXPECT_EQ(shown({Kind::bytes}, "\\x00ff10"), R"("AP8Q")");
  EXPECT_EQ(shown({Kind::bytes}, "\\x"), R"("")");
  EXPECT_EQ(shown({Kind::timestamp}, "2026-11-28 11:13:19.5"), R"("2026-11-28T11:13:19.5")");
  EXPECT_EQ(shown({Kind::instant}, "2026-11-28 11:13:19+00"), R"("2026-11-28T11:13:19Z")");
  EXPECT_EQ(shown({Kind::text}, "12.50"), R"("12.50")");
}

/// A text that is not as its type says may come from a server of another version: it is kept, and what comes out is JSON.
TEST(ValueJson, KeepsWhatIsNotInTheFormOfItsTypeAsAString) {
  EXPECT_EQ(shown({Kind::boolean}, "yes"), R"("yes")");
  EXPECT_EQ(shown({Kind::integer}, "1e5"), R"("1e5")");
  EXPECT_EQ(shown({Kind::integer}, "-"), R"("-")");
  EXPECT_EQ(shown({Kind::json}, "{"), R"("{")");
  EXPECT_EQ(shown({Kind::bytes}, "\\x0"), R"("\\x0")");
  EXPECT_EQ(shown({Kind::bytes}, "\\xzz"), R"("\\xzz")");
  EXPECT_EQ(shown({Kind::instant}, "infinity"), R"("infinity")");
  EXPECT_EQ(shown({Kind::instant}, "0044-03-15 00:00:00+00 BC"), R"("0044-03-15 00:00:00+00 BC")");
  EXPECT_EQ(shown({Kind::timestamp}, "0044-03-15 00:00:00 BC"), R"("0044-03-15 00:00:00 BC")");
  EXPECT_EQ(shown({Kind::instant}, "12026-11-28 11:13:19+00"), R"("12026-11-28 11:13:19+00")");
  EXPECT_EQ(shown({Kind::instant}, "2026-11-28 12:13:19+01"), R"("2026-11-28 12:13:19+01")") << "no Z at another time";
  EXPECT_EQ(shown({Kind::text}, "a\"\xff"), "\"a\\\"\xEF\xBF\xBD\"");
}

TEST(ValueJson, WritesArraysAsArrays) {
  EXPECT_EQ(shown({Kind::integer, true}, "{1,NULL,3}"), "[1,null,3]");
  EXPECT_EQ(shown({Kind::integer, true}, "{}"), "[]");
  EXPECT_EQ(shown({Kind::integer, true}, "{{1,2},{3,4}}"), "[[1,2],[3,4]]");
  EXPECT_EQ(shown({Kind::integer, true}, "[0:1]={5,6}"), "[5,6]");
  EXPECT_EQ(shown({Kind::text, true}, R"({a,"NULL","b,\"c\\d{}",""})"), R"(["a","NULL","b,\"c\\d{}",""])");
  EXPECT_EQ(shown({Kind::json, true}, R"({"{\"a\": 1}",2})"), R"([{"a": 1},2])");
}

TEST(ValueJson, KeepsWhatIsNoArrayAsAString) {
  for (const auto* text :
       {"", "{", "{1", "{1,", "{1,}", "{1}x", "1", "{\"a", "{\"a\\", "[0:1]", "{{{{{{{1}}}}}}}", "{a\\b}"}) {
    EXPECT_EQ(shown({Kind::text, true}, text), shown({Kind::text}, text)) << text;
  }
}

TEST(ValueJson, KnowsTypesByNumberAndByName) {
  EXPECT_EQ(value_form(20), (ValueForm{Kind::integer}));
  EXPECT_EQ(value_form(1016), (ValueForm{Kind::integer, true}));
  EXPECT_EQ(value_form("int8"), (ValueForm{Kind::integer}));
  EXPECT_EQ(value_form("_int8"), (ValueForm{Kind::integer, true}));
  EXPECT_EQ(value_form(1700), (ValueForm{Kind::text})) << "numeric: a reader's doubles would round it";
  EXPECT_EQ(value_form(16'384), ValueForm{});
  EXPECT_EQ(value_form("hstore"), ValueForm{});
}

}  // namespace
}  // namespace annals::outbox
