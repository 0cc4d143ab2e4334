#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "fines/cents.hpp"
#include "fines/fine.hpp"

namespace fines {
namespace {

TEST(Cents, ParseWhatTheLogContains) {
  EXPECT_EQ(parse_cents("35"), 3500);
  EXPECT_EQ(parse_cents("35.0"), 3500);
  EXPECT_EQ(parse_cents("71.5"), 7150);
  EXPECT_EQ(parse_cents("87.03"), 8703);
  EXPECT_EQ(parse_cents("-0.05"), -5);
  EXPECT_EQ(parse_cents("999999999999999.99"), 99'999'999'999'999'999);
}

TEST(Cents, RefuseWhatIsNoAmount) {
  for (const auto* text :
       {"", "-", ".", ".5", "5.", "1.234", "1,5", " 1", "1 ", "+1", "--1", "1.-5", "1e3", "0x1", "9999999999999999"}) {
    EXPECT_FALSE(parse_cents(text).has_value()) << text;
  }
}

TEST(Cents, FormatWithTwoDecimals) {
  EXPECT_EQ(format_cents(0), "0.00");
  EXPECT_EQ(format_cents(5), "0.05");
  EXPECT_EQ(format_cents(-5), "-0.05");
  EXPECT_EQ(format_cents(7150), "71.50");
  EXPECT_EQ(format_cents(-123'456), "-1234.56");
}

TEST(Cents, AddExactlyWhereFloatsDoNot) {
  Cents sum = 0;
  for (int i = 0; i < 1000; ++i) sum += parse_cents("0.10").value();
  EXPECT_EQ(format_cents(sum), "100.00");
}

TEST(Fine, IsReplacedByAPenaltyAndReducedByPayments) {
  Fine fine;
  fine = evolve(fine, "fines.v1.CreateFine", R"({"amount":"35.0","article":"157"})");
  fine = evolve(fine, "fines.v1.SendFine", R"({"expense":"11.0"})");
  fine = evolve(fine, "fines.v1.AddPenalty", R"({"amount":"71.5"})");
  fine = evolve(fine, "fines.v1.Payment", R"({"paid":"50.00"})");
  fine = evolve(fine, "fines.v1.Payment", R"({"paid":"2.51"})");
  EXPECT_EQ(fine, (Fine{.events = 5, .amount = 7150, .expense = 1100, .paid = 5251, .last_type = "fines.v1.Payment"}));
  EXPECT_EQ(fine.outstanding(), 2999);
}

TEST(Fine, StopsAtDataThatItCannotRead) {
  EXPECT_THROW(static_cast<void>(evolve({}, "fines.v1.Payment", R"({"paid":3.5})")), annals::Error);
  EXPECT_THROW(static_cast<void>(evolve({}, "fines.v1.Payment", R"({"paid":"3.567"})")), annals::Error);
  EXPECT_THROW(static_cast<void>(evolve({}, "fines.v1.Payment", "[]")), annals::Error);
  EXPECT_THROW(static_cast<void>(evolve({}, "fines.v1.Payment", "not json")), annals::Error);
}

}  // namespace
}  // namespace fines
