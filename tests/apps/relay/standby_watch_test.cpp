#include "relay/standby_watch.hpp"

#include <gmock/gmock.h>

namespace annals::relayd {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StandbyWatchTest : public ::testing::Test {
 protected:
  StandbyWatchTest() {
    relay_.position = 7;
    relay_.oldest_age = 1h;
  }
  std::string fault(const std::optional<postgres::Owner>& owner, const outbox::RelayStatus* relay) {
    return watch_.fault({owner, relay}, "annals-relay", now_);
  }

  StandbyWatch watch_;
  StandbyWatch::Time now_{};
  outbox::RelayStatus relay_;
  const postgres::Owner ours_{.pid = 7, .application_name = "annals-relay", .client_address = ""};
};

TEST_F(StandbyWatchTest, IsContentWithARelayThatPublishes) {
  for (int i = 0; i < 100; ++i, now_ += 5s, ++relay_.position) EXPECT_THAT(fault(ours_, &relay_), IsEmpty()) << i;
}

TEST_F(StandbyWatchTest, IsContentWithARelayThatHasNothingToPublish) {
  relay_.oldest_age.reset();
  for (int i = 0; i < 100; ++i, now_ += 5s) EXPECT_THAT(fault(ours_, &relay_), IsEmpty()) << i;
}

TEST_F(StandbyWatchTest, IsContentWhenNobodyHoldsTheLock) {
  EXPECT_THAT(fault(std::nullopt, nullptr), IsEmpty());
  now_ += 1h;
  EXPECT_THAT(fault(std::nullopt, &relay_), IsEmpty());
}

TEST_F(StandbyWatchTest, SeesAStrangerByItsName) {
  EXPECT_THAT(fault(postgres::Owner{.pid = 9, .application_name = "psql", .client_address = ""}, &relay_),
              HasSubstr("pid 9 (psql), which is not annals-relay"));
}

TEST_F(StandbyWatchTest, SeesAStrangerUnderOurNameThatHasNoCheckpoint) {
  EXPECT_THAT(fault(ours_, nullptr), HasSubstr("pid 7 (annals-relay), which has never published"));
  EXPECT_THAT(fault(postgres::Owner{.pid = 9, .application_name = "", .client_address = ""}, nullptr),
              HasSubstr("pid 9 (?), which has never published"));
}

TEST_F(StandbyWatchTest, SeesThatMessagesWaitAndTheCheckpointStandsStill) {
  EXPECT_THAT(fault(ours_, &relay_), IsEmpty()) << "it may have come to it a moment ago";
  now_ += 60s;
  EXPECT_THAT(fault(ours_, &relay_), IsEmpty());
  now_ += 1s;
  EXPECT_THAT(fault(ours_, &relay_), HasSubstr("messages wait for 3600 s while nobody publishes"));
  relay_.position = 8;
  EXPECT_THAT(fault(ours_, &relay_), IsEmpty());
}

}  // namespace
}  // namespace annals::relayd
