#include "relay/prefix_tracker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace annals::outbox {
namespace {

/// What the tracker must compute, as plainly as possible.
class Model {
 public:
  explicit Model(std::int64_t start) : prefix_(start) {}
  void sent(std::int64_t position) { open_.insert(position), last_ = position; }
  void skipped(std::int64_t position) { last_ = position; }
  void delivered(std::int64_t position) { open_.erase(position); }
  /// Everything below the first open position that the tracker was told about.
  [[nodiscard]] std::int64_t prefix(const std::vector<std::int64_t>& told) const {
    if (open_.empty()) return told.empty() ? prefix_ : told.back();
    auto below = prefix_;
    for (const auto position : told) {
      if (position >= *open_.begin()) break;
      below = position;
    }
    return below;
  }
  [[nodiscard]] std::size_t in_flight() const { return open_.size(); }
  [[nodiscard]] const std::set<std::int64_t>& open() const { return open_; }

 private:
  std::int64_t prefix_;
  std::int64_t last_ = 0;
  std::set<std::int64_t> open_;
};

/// Wrong on purpose: takes the highest delivery for the prefix, as a relay that marks before all before it are
/// delivered.
class HighestDelivery {
 public:
  explicit HighestDelivery(std::size_t) {}
  void start(std::int64_t position) { prefix_ = position; }
  void sent(std::int64_t) { ++in_flight_; }
  void skipped(std::int64_t position) { prefix_ = std::max(prefix_, position); }
  bool delivered(std::int64_t position) {
    prefix_ = std::max(prefix_, position);
    --in_flight_;
    return true;
  }
  [[nodiscard]] std::int64_t prefix() const { return prefix_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] bool full() const { return in_flight_ >= 64; }

 private:
  std::int64_t prefix_ = 0;
  std::size_t in_flight_ = 0;
};

/// Sends, skips and delivers at random; true when the tracker agreed with the model at every step.
template <class Tracker>
bool agrees_with_model(unsigned seed) {
  std::mt19937 random{seed};
  const auto start = static_cast<std::int64_t>(random() % 1000);
  Tracker tracker{64};
  tracker.start(start);
  Model model{start};
  std::vector<std::int64_t> told;
  auto position = start;
  const auto holes = random() % 3 == 0 ? 1U : 1U + random() % 50;
  for (int i = 0; i < 2000; ++i) {
    const auto dice = random() % 10;
    if (dice < 5 && !tracker.full()) {
      position += 1 + static_cast<std::int64_t>(random() % holes);
      tracker.sent(position), model.sent(position), told.push_back(position);
    } else if (dice == 5) {
      position += 1 + static_cast<std::int64_t>(random() % holes);
      tracker.skipped(position), model.skipped(position), told.push_back(position);
    } else if (!model.open().empty()) {
      const auto chosen = *std::next(model.open().begin(), static_cast<std::ptrdiff_t>(random() % model.open().size()));
      if (!tracker.delivered(chosen)) return false;
      model.delivered(chosen);
    }
    if (tracker.prefix() != model.prefix(told) || tracker.in_flight() != model.in_flight()) return false;
  }
  return true;
}

TEST(PrefixTracker, AdvancesOnlyOverTheContiguousPrefixInAnyOrder) {
  const auto first = std::random_device{}();
  for (unsigned i = 0; i < 200; ++i) {
    EXPECT_TRUE(agrees_with_model<PrefixTracker>(first + i)) << "seed " << first + i;
  }
}

TEST(PrefixTracker, TheCheckRejectsATrackerThatTakesTheHighestDelivery) {
  EXPECT_FALSE(agrees_with_model<HighestDelivery>(1));
}

TEST(PrefixTracker, KnowsNothingOfWhatWasNeverSentOrWasReportedBefore) {
  PrefixTracker tracker{8};
  tracker.start(10);
  EXPECT_FALSE(tracker.delivered(11));
  tracker.sent(12);
  tracker.sent(15);
  tracker.sent(16);
  for (const auto unknown : {11, 13, 14, 17}) EXPECT_FALSE(tracker.delivered(unknown));
  EXPECT_TRUE(tracker.delivered(15));
  EXPECT_FALSE(tracker.delivered(15));
  EXPECT_EQ(tracker.prefix(), 10);
  EXPECT_TRUE(tracker.delivered(12));
  EXPECT_EQ(tracker.prefix(), 15);
  EXPECT_FALSE(tracker.delivered(12));
}

TEST(PrefixTracker, IsFullAtItsCapacityAndHasRoomAgainWhenThePrefixMoves) {
  PrefixTracker tracker{2};
  tracker.start(0);
  tracker.sent(1);
  tracker.sent(2);
  EXPECT_TRUE(tracker.full());
  EXPECT_TRUE(tracker.delivered(2));
  EXPECT_TRUE(tracker.full()) << "the first message still holds the window";
  EXPECT_TRUE(tracker.delivered(1));
  EXPECT_FALSE(tracker.full());
  EXPECT_EQ(tracker.prefix(), 2);
}

TEST(PrefixTracker, SkippedPositionsTakeNoRoom) {
  PrefixTracker tracker{1};
  tracker.start(0);
  tracker.sent(1);
  for (std::int64_t position = 2; position < 1000; ++position) tracker.skipped(position);
  EXPECT_EQ(tracker.prefix(), 0);
  EXPECT_TRUE(tracker.delivered(1));
  EXPECT_EQ(tracker.prefix(), 999);
}

TEST(PrefixTrackerDeathTest, RefusesPositionsThatGoBack) {
  PrefixTracker tracker{4};
  tracker.start(5);
  EXPECT_DEATH(tracker.sent(5), "position");
  EXPECT_DEATH(tracker.skipped(4), "position");
}

}  // namespace
}  // namespace annals::outbox
