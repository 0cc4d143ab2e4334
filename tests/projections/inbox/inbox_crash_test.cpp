// An inbox is killed with SIGKILL at each of its named points, again and again; every message has its effects once.
#include <gmock/gmock.h>

#include <map>
#include <string>
#include <vector>

#include "projections/inbox/inbox_effects.hpp"
#include "projections/run_victim.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

class InboxKills : public ::testing::Test {
 protected:
  InboxKills() { direct_.execute(create_effects); }

  /// Lives of an inbox until one ends by itself; returns how many were killed.
  int kill_at(const std::string& point, const std::string& manner = "inbox") const {
    int crashes = 0;
    // Points before the commit make no progress in the life that dies there first: get one further each time.
    while (crashes < 40 && run_victim(manner, database_.uri("service"), point, crashes + 1)) ++crashes;
    return crashes;
  }
  static std::vector<std::string> each_once() {
    std::vector<std::string> all;
    for (int i = 0; i < 60; ++i) all.push_back(std::to_string(i));
    return all;
  }
  /// What took effect and how often, from the place that is looked at first.
  std::map<std::string, int> counts() {
    std::map<std::string, int> counts;
    for (const auto& payload : payloads(direct_, effect_rows)) ++counts[payload];
    return counts;
  }

  TempDatabase database_;
  postgres::Connection direct_{database_.database()};
};

class InboxCrash : public InboxKills, public ::testing::WithParamInterface<const char*> {};

TEST_P(InboxCrash, EveryMessageTakesEffectOnce) {
  const auto crashes = kill_at(GetParam());
  EXPECT_GE(crashes, 4);
  EXPECT_LT(crashes, 40);
  EXPECT_EQ(payloads(direct_, effect_rows), each_once());
  EXPECT_EQ(payloads(direct_, effect_events), each_once());
  EXPECT_EQ(payloads(direct_, effect_messages), each_once());
}

/// Inboxes that lack a protection each: the same kills, the same look at the effects, and it shows.
class InboxCrashControl : public InboxKills {};

TEST_F(InboxCrashControl, SeesEffectsOutsideTheInboxsTransaction) {
  EXPECT_GE(kill_at("commit", "inbox-apart"), 4);
  EXPECT_NE(payloads(direct_, effect_rows), each_once());
  EXPECT_EQ(counts()["0"], 2) << "killed before the commit: its message came again";
}

TEST_F(InboxCrashControl, SeesEffectsThatComeAfterTheCommit) {
  EXPECT_GE(kill_at("committed", "inbox-late"), 4);
  EXPECT_NE(payloads(direct_, effect_rows), each_once());
  EXPECT_EQ(counts()["0"], 0) << "killed after the commit: its message never came again";
}

TEST_F(InboxCrashControl, SeesAProducersRepetition) {
  EXPECT_GE(kill_at("commit", "inbox-nameless"), 4);
  EXPECT_NE(payloads(direct_, effect_rows), each_once());
  EXPECT_EQ(counts()["7"], 2) << "the same message at another offset";
}

INSTANTIATE_TEST_SUITE_P(Points, InboxCrash,
                         ::testing::Values("received", "recorded", "handled", "commit", "committed", "done"),
                         [](const auto& point) { return std::string{point.param}; });

}  // namespace
}  // namespace annals::tests
