#include "array_literal.hpp"

#include <gtest/gtest.h>

namespace annals::outbox {
namespace {

TEST(ArrayLiteral, QuotesWhatIsSpecialInAnArray) {
  ArrayLiteral literal;
  literal.add("plain");
  literal.add("a\"b\\c{,}");
  literal.add("NULL");
  literal.add("");
  EXPECT_EQ(literal.take(), R"({"plain","a\"b\\c{,}","NULL",""})");
}

TEST(ArrayLiteral, WritesNullForAbsentElements) {
  ArrayLiteral literal;
  literal.add_optional("");
  literal.add_optional("x");
  literal.add_null();
  EXPECT_EQ(literal.take(), R"({NULL,"x",NULL})");
}

TEST(ArrayLiteral, IsEmptyWithoutElements) { EXPECT_EQ(ArrayLiteral{}.take(), "{}"); }

}  // namespace
}  // namespace annals::outbox
