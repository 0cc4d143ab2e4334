#include "annals/outbox/shard.hpp"

#include <gtest/gtest.h>

#include "annals/core/error.hpp"

namespace annals::outbox {
namespace {

TEST(ShardNames, AreThoseOfRelays) {
  EXPECT_EQ(shard_name("orders", {1, 1}), "orders");
  EXPECT_EQ(shard_name("orders", {2, 4}), "orders/2-of-4");
  EXPECT_EQ(parse_shard_name("orders/2-of-4"), (ShardName{"orders", {2, 4}}));
  EXPECT_EQ(parse_shard_name("a/b/12-of-64"), (ShardName{"a/b", {12, 64}}));
}

TEST(ShardNames, AnythingElseIsARelayOfOneShard) {
  for (const char* name :
       {"orders", "orders/5-of-4", "orders/0-of-4", "orders/1-of-1", "orders/01-of-4", "orders/1-of-65",
        "orders/-1-of-4", "1-of-4", "orders/1-of-", "orders/-of-4", "/", "a/b-of-c", "-of-/"}) {
    EXPECT_EQ(parse_shard_name(name), (ShardName{name, {}})) << name;
  }
}

TEST(ShardNames, RefusesWhatThereCannotBe) {
  EXPECT_NO_THROW(require_valid(Shard{64, 64}));
  for (const auto& shard : {Shard{0, 1}, Shard{2, 1}, Shard{1, 65}, Shard{0, 0}}) {
    EXPECT_THROW(require_valid(shard), Error) << shard.index << "/" << shard.count;
  }
}

}  // namespace
}  // namespace annals::outbox
