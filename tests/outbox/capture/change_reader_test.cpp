#include "capture/change_reader.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace annals::outbox {
namespace {

/// Consumers have them in their inboxes, and a relay of the next release gives the same to what it reads again.
TEST(ChangeId, IsTheSameInEveryRelease) {
  const pgoutput::Begin begin{.commit = {0x16B374D848}, .time = 789'123'456'789'012, .xid = 742};
  EXPECT_EQ(change_id("7300000000000000001", begin, 1).to_string(), "0000002d-66e9-8b09-bc88-c91100000001");
  EXPECT_EQ(change_id("7300000000000000001", begin, 2).to_string(), "0000002d-66e9-8b09-bc88-c91100000002");
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  const pgoutput::Begin last{.commit = {0xFFFFFFFFFFFFFFF8}, .time = -1, .xid = most};
  EXPECT_EQ(change_id("7300000000000000001", last, most).to_string(), "ffffffff-ffff-8fff-8b45-81faffffffff");
  EXPECT_EQ(change_id("", {}, 0).to_string(), "00000000-0000-8000-a8df-7bdc00000000");
}

}  // namespace
}  // namespace annals::outbox
