#include "annals/testing/manual_clock.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace annals::tests {
namespace {

using annals::testing::ManualClock;
using namespace std::chrono_literals;

TEST(ManualClock, StandsStillUntilItIsMoved) {
  ManualClock clock;
  const auto now = clock.now();
  const auto steady = clock.steady();
  EXPECT_EQ(clock.now(), now);
  clock.advance(1500us);
  EXPECT_EQ(clock.now() - now, 1500us);
  EXPECT_EQ(clock.steady() - steady, 1500us);
  EXPECT_EQ(format_timestamp(now), "2026-01-01T00:00:00Z");
}

TEST(ManualClock, SleepingMovesIt) {
  ManualClock clock{Timestamp{}};
  clock.sleep_for(1h);
  clock.sleep_for(-1h);
  EXPECT_EQ(clock.now(), Timestamp{1h});
}

TEST(ManualClock, ThreadsMayMoveIt) {
  ManualClock clock;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 1000; ++k) clock.advance(1us);
      });
    }
  }
  EXPECT_EQ(clock.elapsed(), 4000us);
}

TEST(ManualClockDeathTest, RefusesToGoBack) {
  ManualClock clock;
  EXPECT_DEATH(clock.advance(-1us), "duration");
}

}  // namespace
}  // namespace annals::tests
