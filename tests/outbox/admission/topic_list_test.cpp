#include "admission/topic_list.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

TEST(TopicList, AllowsNamesAndBeginnings) {
  TopicList topics{{"orders", "shop.*"}};
  for (const auto* topic : {"orders", "shop.", "shop.carts", "orders", "shop.carts"}) {
    EXPECT_TRUE(topics.allows(topic)) << topic;
  }
  for (const auto* topic : {"order", "orders2", "shop", "payments", "my.shop.x"}) {
    EXPECT_FALSE(topics.allows(topic)) << topic;
  }
}

TEST(TopicList, AllowsEverythingWhenEmptyOrToldTo) {
  TopicList none{{}};
  EXPECT_TRUE(none.allows("anything"));
  TopicList star{{"*"}};
  EXPECT_TRUE(star.allows("anything"));
}

TEST(TopicList, RefusesWhatNoTopicCanMatch) {
  for (const auto* entry : {"", "a b", "a*b", "a**", "ä*"}) EXPECT_THROW(TopicList{{entry}}, Error) << entry;
}

}  // namespace
}  // namespace annals::outbox
