#include "relay/checkpoint_schedule.hpp"

#include <gtest/gtest.h>

namespace annals::outbox {
namespace {

using namespace std::chrono_literals;
using TimePoint = CheckpointSchedule::TimePoint;

TEST(CheckpointSchedule, IsDueEveryIntervalWhileBusy) {
  CheckpointSchedule schedule{500ms};
  const TimePoint start{10s};
  schedule.start(start);
  EXPECT_EQ(schedule.until_due(false, start), 500ms);
  EXPECT_EQ(schedule.until_due(false, start + 499ms), 1ms);
  EXPECT_EQ(schedule.until_due(false, start + 700ms), 0ms);
  schedule.saved(start + 700ms);
  EXPECT_EQ(schedule.until_due(false, start + 700ms), 500ms);
}

TEST(CheckpointSchedule, IsDueAtOnceAfterALoneMessage) {
  CheckpointSchedule schedule{500ms};
  const TimePoint start{10s};
  schedule.start(start);
  EXPECT_EQ(schedule.until_due(true, start), 0ms);
  schedule.saved(start);
  EXPECT_EQ(schedule.until_due(true, start + 30s), 0ms);
}

TEST(CheckpointSchedule, IsDueTenTimesASecondAtMostInATrickle) {
  CheckpointSchedule schedule{500ms};
  TimePoint now{10s};
  schedule.start(now);
  int saves = 0;
  for (int i = 0; i < 1'000; ++i, now += 10ms) {  // a message each, delivered at once
    if (schedule.until_due(true, now) > 0ms) continue;
    schedule.saved(now);
    ++saves;
  }
  EXPECT_EQ(saves, 100);
}

TEST(CheckpointSchedule, NeverWaitsLongerThanItsInterval) {
  CheckpointSchedule schedule{20ms};
  const TimePoint start{10s};
  schedule.start(start);
  schedule.saved(start);
  EXPECT_EQ(schedule.until_due(true, start), 20ms);
}

}  // namespace
}  // namespace annals::outbox
