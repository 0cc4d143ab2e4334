// An inbox is killed with SIGKILL at each of its named points, again and again; every message has its effects once.
#include <gmock/gmock.h>

#include "projections/inbox/inbox_effects.hpp"
#include "projections/run_victim.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

class InboxCrash : public ::testing::TestWithParam<const char*> {
 protected:
  TempDatabase database_;
  postgres::Connection direct_{database_.database()};
};

TEST_P(InboxCrash, EveryMessageTakesEffectOnce) {
  direct_.execute(create_effects);
  int crashes = 0;
  // Points before the commit make no progress in the life that dies there first: get one further each time.
  for (int life = 1; run_victim("inbox", database_.uri("service"), GetParam(), life); ++life) {
    ++crashes;
    ASSERT_LT(life, 40);
  }
  EXPECT_GE(crashes, 4);
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(payloads(direct_, effect_rows), expected);
  EXPECT_EQ(payloads(direct_, effect_events), expected);
  EXPECT_EQ(payloads(direct_, effect_messages), expected);
}

INSTANTIATE_TEST_SUITE_P(Points, InboxCrash,
                         ::testing::Values("received", "recorded", "handled", "commit", "committed", "done"),
                         [](const auto& point) { return std::string{point.param}; });

}  // namespace
}  // namespace annals::tests
