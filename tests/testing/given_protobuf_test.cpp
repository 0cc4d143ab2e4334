#include <gmock/gmock.h>

#include "annals/testing/given.hpp"
#include "ledger.pb.h"

namespace annals::tests {
namespace {

using annals::testing::given;
using annals::testing::ScenarioFailed;
using ledger::v1::Opened;
using ledger::v1::Paid;
using ::testing::HasSubstr;

struct Ledger {
  using Event = std::variant<Opened, Paid>;
  std::int64_t cents = 0;
};

Ledger evolve(Ledger ledger, const Ledger::Event& event) {
  if (const auto* paid = std::get_if<Paid>(&event)) ledger.cents += paid->cents();
  return ledger;
}

Paid paid(std::int64_t cents) {
  Paid event;
  event.set_cents(cents);
  return event;
}

TEST(GivenProtobuf, ComparesFieldByField) {
  const auto repeat = [](const Ledger& ledger) { return paid(ledger.cents); };
  given<Ledger>({paid(2), paid(3)}).when(repeat).then({paid(5)});
  EXPECT_THROW(given<Ledger>({paid(2)}).when(repeat).then({paid(5)}), ScenarioFailed);
  EXPECT_THROW(given<Ledger>({paid(2)}).when(repeat).then({Opened{}}), ScenarioFailed);
}

TEST(GivenProtobuf, ShowsTypeAndText) {
  try {
    given<Ledger>({}).when([](const Ledger&) { return paid(5); }).then({Opened{}});
    FAIL() << "nothing was thrown";
  } catch (const ScenarioFailed& failed) {
    EXPECT_THAT(failed.what(), HasSubstr("expected:    ledger.v1.Opened {}"));
    EXPECT_THAT(failed.what(), HasSubstr("decided:     ledger.v1.Paid {cents: 5}"));
  }
}

}  // namespace
}  // namespace annals::tests
