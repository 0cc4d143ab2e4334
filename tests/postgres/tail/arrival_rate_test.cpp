#include "annals/postgres/tail/arrival_rate.hpp"

#include <gtest/gtest.h>

namespace annals::postgres {
namespace {

using namespace std::chrono_literals;

class ArrivalRateTest : public ::testing::Test {
 protected:
  /// `looks` looks, one every `pause`, each of which finds `rows`.
  double after(int looks, std::chrono::milliseconds pause, std::size_t rows) {
    for (int look = 0; look < looks; ++look) rate_.note(rows, now_ += pause);
    return rate_.per_second();
  }

  ArrivalRate::Time now_{1h};
  ArrivalRate rate_{100ms};
};

TEST_F(ArrivalRateTest, BeginsWithNothing) { EXPECT_EQ(rate_.per_second(), 0.0); }

TEST_F(ArrivalRateTest, ComesToWhatArrives) {
  EXPECT_NEAR(after(1000, 1ms, 3), 3000.0, 1.0);
  EXPECT_NEAR(after(1000, 10ms, 3), 300.0, 1.0) << "as many in ten times the time";
  EXPECT_NEAR(after(1000, 10ms, 0), 0.0, 1.0);
}

TEST_F(ArrivalRateTest, FollowsAChangeWithinAboutItsWindow) {
  (void)after(1, 1ms, 0);
  EXPECT_LT(after(5, 1ms, 10), 1000.0) << "a twentieth of it";
  EXPECT_GT(after(100, 1ms, 10), 6000.0);
  EXPECT_LT(after(100, 1ms, 0), 3000.0);
}

/// However they are cut into looks, the same rows in the same time weigh the same.
TEST_F(ArrivalRateTest, CountsALookForTheTimeThatItStandsFor) {
  (void)after(1, 1ms, 0);
  const auto burst = after(1, 10ms, 100);
  EXPECT_NEAR(burst, 1000.0, 1.0);
  ArrivalRate finer{100ms};
  finer.note(0, now_);
  for (int look = 1; look <= 10; ++look) finer.note(10, now_ + look * 1ms);
  EXPECT_NEAR(finer.per_second(), burst, 50.0);
}

TEST_F(ArrivalRateTest, ForgetsAllAfterAPauseOfItsWindowOrMore) {
  (void)after(1000, 1ms, 50);
  EXPECT_NEAR(after(1, 100ms, 1), 10.0, 0.1);
  EXPECT_NEAR(after(1, 1000ms, 1), 1.0, 0.1);
}

TEST_F(ArrivalRateTest, TakesTwoLooksAtTheSameMoment) {
  (void)after(1, 1ms, 0);
  EXPECT_NEAR(after(1, 0ms, 10), 100.0, 1.0) << "10 rows in a window of a tenth of a second";
}

}  // namespace
}  // namespace annals::postgres
