#include "poison/poison_rules.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "support/error_of.hpp"

namespace annals::outbox {
namespace {

using enum PoisonPolicy;

TEST(PoisonRules, TheLongestMatchCounts) {
  const PoisonRules rules{{{.topics = "*", .policy = park},
                           {.topics = "shop.*", .policy = dead_letter, .dead_letter_topic = "dead"},
                           {.topics = "shop.orders", .policy = halt},
                           {.topics = "shop.orders*", .policy = park}}};
  EXPECT_EQ(rules.of("other").policy, park);
  EXPECT_EQ(rules.of("shop.payments").dead_letter_topic, "dead");
  EXPECT_EQ(rules.of("shop.orders").policy, halt);
  EXPECT_EQ(rules.of("shop.orders.eu").policy, park);
}

TEST(PoisonRules, WithoutARuleTheRelayHalts) {
  EXPECT_EQ(PoisonRules{{}}.of("t").policy, halt);
  EXPECT_EQ((PoisonRules{{{.topics = "a*", .policy = park}}}.of("b").policy), halt);
}

TEST(PoisonRules, RefusesWhatCannotBeMeant) {
  const auto refused = [](std::vector<PoisonRule> rules) {
    return tests::error_of([&] { require_valid(rules); }).kind() == ErrorKind::invalid;
  };
  EXPECT_TRUE(refused({{.topics = "a b", .policy = park}}));
  EXPECT_TRUE(refused({{.topics = "", .policy = park}}));
  EXPECT_TRUE(refused({{.topics = "a", .policy = park}, {.topics = "a", .policy = halt}}));
  EXPECT_TRUE(refused({{.topics = "a", .policy = dead_letter, .dead_letter_topic = "b c"}}));
  EXPECT_TRUE(refused({{.topics = "a", .policy = park, .dead_letter_topic = "b"}}));
}

}  // namespace
}  // namespace annals::outbox
