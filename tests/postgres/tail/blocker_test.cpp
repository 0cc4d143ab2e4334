#include "annals/postgres/tail/blocker.hpp"

#include <gtest/gtest.h>

namespace annals::postgres {
namespace {

using namespace std::chrono_literals;

TEST(Blocker, OfASessionIsEndedByItsPid) {
  const Blocker blocker{.holder = "3/45", .pid = 12, .age = 1999ms, .state = "active", .role = "shop"};
  EXPECT_EQ(who_text(blocker), "pid 12 of role shop");
  EXPECT_EQ(age_text(blocker), "for 1 s");
  EXPECT_EQ(remedy_text(blocker), "commit or roll it back, or SELECT pg_terminate_backend(12)");
}

TEST(Blocker, ThatIsPreparedIsEndedByItsName) {
  const Blocker blocker{.holder = "-1/45", .state = "prepared", .query = "x\n", .role = "shop"};
  EXPECT_EQ(who_text(blocker), "a transaction prepared as \"x\\n\" by role shop");
  EXPECT_EQ(age_text(blocker), "for a time that this role may not see");
  EXPECT_EQ(remedy_text(blocker),
            "if its transaction manager is gone: ROLLBACK PREPARED E'x\\x0a' (or COMMIT PREPARED E'x\\x0a')");
}

TEST(Blocker, InPassageHasNoNameToEndItBy) {
  const Blocker blocker{.holder = "3/0", .state = "unknown"};
  EXPECT_EQ(who_text(blocker), "a transaction that is just being prepared or ended");
  EXPECT_EQ(remedy_text(blocker), "look again: it is just being prepared or ended");
}

}  // namespace
}  // namespace annals::postgres
