#include "annals/outbox/topic_pattern.hpp"

#include <gtest/gtest.h>

#include <string>

#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

TEST(TopicPattern, MatchesANameABeginningOrAll) {
  EXPECT_TRUE(TopicPattern{"orders"}.matches("orders"));
  EXPECT_FALSE(TopicPattern{"orders"}.matches("orders2"));
  EXPECT_TRUE(TopicPattern{"shop.*"}.matches("shop."));
  EXPECT_TRUE(TopicPattern{"shop.*"}.matches("shop.carts"));
  EXPECT_FALSE(TopicPattern{"shop.*"}.matches("shop"));
  EXPECT_TRUE(TopicPattern{"*"}.matches("anything"));
}

TEST(TopicPattern, CoversWhatMatchesNoMoreThanItself) {
  const TopicPattern all{"*"};
  const TopicPattern shop{"shop.*"};
  const TopicPattern orders{"shop.orders"};
  EXPECT_TRUE(all.covers(shop) && shop.covers(orders) && shop.covers(shop) && orders.covers(orders));
  EXPECT_FALSE(shop.covers(all) || orders.covers(shop) || orders.covers(TopicPattern{"shop.carts"}));
  EXPECT_FALSE(TopicPattern{"shop.orders"}.covers(TopicPattern{"shop.orders*"}));
  EXPECT_TRUE(orders.meets(shop) && shop.meets(orders));
  EXPECT_FALSE(orders.meets(TopicPattern{"shop.c*"}));
}

TEST(TopicPattern, TheLongestWeighsMostAndAnExactNameMoreThanItsBeginning) {
  EXPECT_GT(TopicPattern{"a"}.weight(), TopicPattern{"a*"}.weight());
  EXPECT_GT(TopicPattern{"ab*"}.weight(), TopicPattern{"a"}.weight());
  EXPECT_EQ(TopicPattern{"*"}.weight(), 0U);
}

TEST(TopicPattern, RefusesWhatNoTopicCanMatch) {
  for (const auto* text : {"", "a b", "a*b", "a**", "**", "ä*"}) EXPECT_THROW(TopicPattern{text}, Error) << text;
  EXPECT_THROW(TopicPattern{std::string(249, 'a') + "*"}, Error);
}

}  // namespace
}  // namespace annals::outbox
