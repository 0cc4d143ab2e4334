#include "relay/health.hpp"

#include <gmock/gmock.h>

namespace annals::relayd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class RelayHealth : public ::testing::Test {
 protected:
  const SourceHealth::Time start_{};
  std::shared_ptr<SourceHealth> outbox_ = std::make_shared<SourceHealth>("outbox", start_);
  std::shared_ptr<SourceHealth> events_ = std::make_shared<SourceHealth>("events", start_);
  const Health health_{[this] {
    return std::vector{DatabaseHealth{.name = {}, .stall = 60s, .sources = {outbox_, events_}}};
  }};

  void publish(SourceHealth& source) {
    source.enter(Phase::idle);
    source.set_sink_connected(true);
  }
};

TEST_F(RelayHealth, IsReadyWhenEverySourcePublishesOrStandsBy) {
  EXPECT_FALSE(health_.ready(start_).good);
  publish(*outbox_);
  EXPECT_FALSE(health_.ready(start_).good);
  events_->enter(Phase::standby);
  EXPECT_FALSE(health_.ready(start_).good) << "nobody has looked who publishes";
  events_->set_standby_fault("");
  EXPECT_TRUE(health_.ready(start_).good);
}

TEST_F(RelayHealth, IsNotReadyWhileItStandsByForNothing) {
  publish(*outbox_);
  events_->enter(Phase::standby);
  events_->set_standby_fault("the lock is held by pid 7 (psql)");
  const auto answer = health_.ready(start_);
  EXPECT_FALSE(answer.good);
  EXPECT_THAT(answer.text, HasSubstr("events: standby, not ready: the lock is held by pid 7 (psql)"));
  events_->set_standby_fault("");
  EXPECT_TRUE(health_.ready(start_).good);
}

TEST_F(RelayHealth, IsNotReadyWithoutSinkOrDatabase) {
  publish(*outbox_);
  publish(*events_);
  outbox_->set_sink_connected(false);
  EXPECT_THAT(health_.ready(start_).text, HasSubstr("outbox: idle, not ready: sink not connected"));
  outbox_->set_sink_connected(true);
  EXPECT_TRUE(health_.ready(start_ + 10s).good);
  EXPECT_FALSE(health_.ready(start_ + 20s).good);
}

TEST_F(RelayHealth, SaysWhyItRetriesOrHalted) {
  publish(*events_);
  for (const auto phase : {Phase::retrying, Phase::halted, Phase::draining}) {
    outbox_->enter(phase, "the reason");
    const auto answer = health_.ready(start_);
    EXPECT_FALSE(answer.good);
    EXPECT_THAT(answer.text, HasSubstr("the reason"));
  }
}

TEST_F(RelayHealth, ATryToConnectIsNoNewsOfWhatStoodInTheWay) {
  publish(*events_);
  outbox_->enter(Phase::retrying, "the reason");
  outbox_->enter(Phase::connecting);
  EXPECT_THAT(health_.ready(start_).text, HasSubstr("outbox: connecting, not ready: the reason"));
  publish(*outbox_);
  outbox_->enter(Phase::connecting);
  EXPECT_THAT(health_.ready(start_).text, HasSubstr("outbox: connecting, not ready: connecting"));
}

TEST_F(RelayHealth, IsAliveWhileThreadsStep) {
  EXPECT_TRUE(health_.live(start_ + 59s).good);
  EXPECT_FALSE(health_.live(start_ + 61s).good);
  outbox_->beat(start_ + 50s);
  EXPECT_FALSE(health_.live(start_ + 61s).good);
  events_->beat(start_ + 50s);
  EXPECT_TRUE(health_.live(start_ + 61s).good);
}

TEST_F(RelayHealth, AStoppedSourceIsNotHung) {
  outbox_->enter(Phase::stopped);
  events_->enter(Phase::halted);
  EXPECT_TRUE(health_.live(start_ + 3600s).good);
}

/// Two databases of one process, with a source each.
class RelayHealthOfTwo : public RelayHealth {
 protected:
  RelayHealthOfTwo() {
    publish(*outbox_);
    publish(*events_);
  }
  const Health two_{[this] {
    return std::vector{DatabaseHealth{.name = "shop", .stall = 60s, .sources = {outbox_}},
                       DatabaseHealth{.name = "crm", .stall = 5s, .sources = {events_}}};
  }};
};

TEST_F(RelayHealthOfTwo, IsReadyWhileOneIsAndSaysThatItIsDegraded) {
  EXPECT_THAT(two_.ready(start_).text, HasSubstr("2 of 2 databases ready\nshop outbox: idle\n"));
  outbox_->enter(Phase::halted, "poison");
  const auto answer = two_.ready(start_);
  EXPECT_TRUE(answer.good);
  EXPECT_EQ(answer.text,
            "1 of 2 databases ready: degraded\nshop outbox: halted, not ready: poison\ncrm events: idle\n");
  events_->enter(Phase::retrying, "away");
  EXPECT_FALSE(two_.ready(start_).good);
}

TEST_F(RelayHealthOfTwo, OneThatHangsIsNotAliveByItsOwnLimit) {
  EXPECT_TRUE(two_.live(start_ + 4s).good);
  const auto answer = two_.live(start_ + 6s);
  EXPECT_FALSE(answer.good) << "nothing but a restart ends a thread that hangs";
  EXPECT_EQ(answer.text, "shop outbox: alive\ncrm events: hung\n");
}

TEST(RelayHealthOfNone, IsNotReady) {
  EXPECT_FALSE(Health{[] { return std::vector<DatabaseHealth>{}; }}.ready({}).good);
}

}  // namespace
}  // namespace annals::relayd
