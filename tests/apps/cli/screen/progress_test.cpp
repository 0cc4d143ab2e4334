#include "cli/screen/progress.hpp"

#include <gtest/gtest.h>

namespace annals::cli {
namespace {

using std::chrono::seconds;

std::string text(std::size_t events, double fraction, seconds elapsed, std::size_t width = 79) {
  return progress_text("importing", {.events = events, .fraction = fraction, .elapsed = elapsed}, width);
}

TEST(Progress, SaysRateShareAndTimeLeft) {
  EXPECT_EQ(text(1'234'567, 0.25, seconds{100}), "importing 1,234,567 events, 12,345/s, 25 %, 5 min 0 s left");
  EXPECT_EQ(text(10, 0.5, seconds{1}), "importing 10 events, 10/s, 50 %, 1.0 s left");
}

TEST(Progress, DoesNotGuessWhatNobodyKnows) {
  EXPECT_EQ(text(10, 0, seconds{2}), "importing 10 events, 5/s");
  EXPECT_EQ(text(0, 0, seconds{0}), "importing 0 events, 0/s");
}

TEST(Progress, KeepsShareAndTimeLeftWhereThereIsNoRoom) {
  EXPECT_EQ(text(1'234'567, 0.25, seconds{100}, 58), "importing 1,234,567 events, 12,345/s, 25 %, 5 min 0 s left");
  EXPECT_EQ(text(1'234'567, 0.25, seconds{100}, 40), "importing 12,345/s, 25 %, 5 min 0 s left");
  EXPECT_EQ(text(1'234'567, 0.25, seconds{100}, 39), "importing 25 %, 5 min 0 s left");
  EXPECT_EQ(text(1'234'567, 0.25, seconds{100}, 29), "25 %, 5 min 0 s left");
  EXPECT_EQ(text(1'234'567, 0, seconds{100}, 39), "importing 1,234,567 events, 12,345/s") << "nobody knows them";
}

TEST(Progress, IsNeverMoreThanDone) {
  EXPECT_EQ(text(10, 1.5, seconds{1}), "importing 10 events, 10/s, 100 %, 0.0 s left");
}

}  // namespace
}  // namespace annals::cli
