#include "progress/other_history.hpp"

#include <gmock/gmock.h>

namespace annals::outbox {
namespace {

const postgres::ClusterIdentity here{.system_identifier = "7", .timeline = "2"};

TEST(OtherHistory, IsAnotherClusterWhateverIsAccepted) {
  const auto other = other_history({.system_identifier = "8", .timeline = "2"}, here, "2");
  ASSERT_TRUE(other.has_value());
  EXPECT_TRUE(other->is_of_cluster);
  EXPECT_EQ(other->what, "was made in cluster 8, and this is cluster 7");
}

TEST(OtherHistory, IsAnotherTimelineUntilThisOneIsAccepted) {
  const postgres::ClusterIdentity before{.system_identifier = "7", .timeline = "1"};
  for (const auto* accepted : {"", "1", "3"}) {
    const auto other = other_history(before, here, accepted);
    ASSERT_TRUE(other.has_value()) << accepted;
    EXPECT_FALSE(other->is_of_cluster);
    EXPECT_THAT(other->what, testing::StartsWith("was made on timeline 1, and this is timeline 2"));
  }
  EXPECT_FALSE(other_history(before, here, "2").has_value());
  EXPECT_FALSE(other_history(here, here, "").has_value());
}

}  // namespace
}  // namespace annals::outbox
