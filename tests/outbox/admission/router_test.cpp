#include "admission/router.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

TEST(Router, SendsACategoryToItsTopic) {
  const Router router{{{"order", "orders"}, {"cart", "carts"}}};
  EXPECT_EQ(router.topic_of("order"), "orders");
  EXPECT_EQ(router.topic_of("cart"), "carts");
  EXPECT_EQ(router.topic_of("orders"), "");
}

TEST(Router, SendsTheRestToTheStar) {
  const Router router{{{"*", "events"}, {"order", "orders"}}};
  EXPECT_EQ(router.topic_of("order"), "orders");
  EXPECT_EQ(router.topic_of("anything"), "events");
  EXPECT_EQ(router.topic_of(""), "events");
}

TEST(Router, RefusesRoutesThatCannotBeMeant) {
  using Routes = std::vector<Route>;
  EXPECT_THROW(Router(Routes{{"order", "a"}, {"order", "b"}}), Error);
  EXPECT_THROW(Router(Routes{{"order", "no topic"}}), Error);
  EXPECT_THROW(Router(Routes{{"", "orders"}}), Error);
}

}  // namespace
}  // namespace annals::outbox
