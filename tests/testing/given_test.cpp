#include "annals/testing/given.hpp"

#include "annals/testing/given_matchers.hpp"

namespace annals::tests {
namespace {

using annals::testing::Decides;
using annals::testing::given;
using annals::testing::ScenarioFailed;
using ::testing::HasSubstr;
using ::testing::Not;

struct Opened {
  bool operator==(const Opened&) const = default;
};
struct Deposited {
  int cents = 0;
  bool operator==(const Deposited&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Deposited& event) { return out << event.cents << " cents"; }
};

struct Account {
  using Event = std::variant<Opened, Deposited>;
  bool open = false;
  int cents = 0;
};

Account evolve(Account account, const Account::Event& event) {
  if (std::holds_alternative<Opened>(event)) account.open = true;
  if (const auto* deposited = std::get_if<Deposited>(&event)) account.cents += deposited->cents;
  return account;
}

std::vector<Account::Event> deposit(const Account& account, int cents) {
  if (cents < 0) throw std::invalid_argument{"less than nothing"};
  if (account.open) return {Deposited{cents}};
  return {Opened{}, Deposited{cents}};
}

auto depositing(int cents) {
  return [cents](const Account& account) { return deposit(account, cents); };
}

std::string failure_of(const std::function<void()>& scenario) {
  try {
    scenario();
  } catch (const ScenarioFailed& failed) {
    return failed.what();
  }
  return {};
}

TEST(Given, FoldsHistoryAndComparesWhatFollows) {
  given<Account>({}).when(depositing(5)).then({Opened{}, Deposited{5}});
  given<Account>({Opened{}}).when(depositing(7)).then({Deposited{7}});
  EXPECT_EQ(given<Account>({Opened{}, Deposited{3}}).when(depositing(4)).state_after().cents, 7);
}

TEST(Given, DecisionMayReturnOneEventOrNone) {
  given<Account>({}).when([](const Account&) { return Opened{}; }).then({Opened{}});
  given<Account>({}).when([](const Account&) { return std::vector<Account::Event>{}; }).then_nothing();
}

TEST(Given, ShowsBothSidesOfADifference) {
  const auto failure = failure_of([] { given<Account>({}).when(depositing(5)).then({Opened{}, Deposited{6}}); });
  EXPECT_THAT(failure, HasSubstr("1. as expected:"));
  EXPECT_THAT(failure, HasSubstr("Opened {no operator<< to show it}"));
  EXPECT_THAT(failure, HasSubstr("2. expected:    annals::tests::(anonymous namespace)::Deposited {6 cents}"));
  EXPECT_THAT(failure, HasSubstr("2. decided:     annals::tests::(anonymous namespace)::Deposited {5 cents}"));
}

TEST(Given, FailsOnMissingAdditionalAndReorderedEvents) {
  const auto decided = given<Account>({}).when(depositing(5));
  EXPECT_NE(failure_of([&] { decided.then({Opened{}}); }), "");
  EXPECT_NE(failure_of([&] { decided.then({Opened{}, Deposited{5}, Deposited{5}}); }), "");
  EXPECT_NE(failure_of([&] { decided.then({Deposited{5}, Opened{}}); }), "");
  EXPECT_NE(failure_of([&] { decided.then_nothing(); }), "");
  EXPECT_EQ(failure_of([&] { decided.then({Opened{}, Deposited{5}}); }), "");
}

TEST(Given, ExpectsExceptionsByTypeAndText) {
  const auto refused = given<Account>({Opened{}}).when(depositing(-1));
  refused.then_throws<std::invalid_argument>("less than");
  EXPECT_THAT(failure_of([&] { refused.then_throws<std::invalid_argument>("more"); }), HasSubstr("less than nothing"));
  EXPECT_THAT(failure_of([&] { refused.then_throws<std::range_error>(); }), HasSubstr("std::invalid_argument"));
  EXPECT_THAT(failure_of([&] { refused.then_nothing(); }), HasSubstr("less than nothing"));
  const auto accepted = given<Account>({Opened{}}).when(depositing(1));
  EXPECT_THAT(failure_of([&] { accepted.then_throws(); }), HasSubstr("1 event(s)"));
}

TEST(Given, MatcherAgreesWithThen) {
  EXPECT_THAT(given<Account>({}).when(depositing(5)), Decides<Account>({Opened{}, Deposited{5}}));
  EXPECT_THAT(given<Account>({}).when(depositing(5)), Not(Decides<Account>({Opened{}})));
}

}  // namespace
}  // namespace annals::tests
