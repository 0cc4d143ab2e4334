#include "progress/progress.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

namespace annals::outbox {
namespace {

using testing::ElementsAre;

/// Ids that say their position.
Progress::Place place(std::int64_t position) {
  EventId::Bytes bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(position >> (8 * i));
  bytes[15] = 1;
  return {.position = position, .id = EventId{bytes}};
}

Progress published(std::initializer_list<std::int64_t> positions) {
  Progress out;
  for (const auto position : positions) out.add(place(position));
  return out;
}

TEST(Progress, MovesOnWithWhatFollowsAndStopsAtAHole) {
  const auto progress = published({1, 2, 4, 5});
  EXPECT_EQ(progress.watermark(), 2);
  EXPECT_EQ(progress.anchor(), place(2));
  EXPECT_EQ(progress.top(), 5);
  EXPECT_EQ(progress.ranges(), 1U);
  EXPECT_THAT(progress.holes(100, 100), ElementsAre(Progress::Range{3, 3}));
}

TEST(Progress, PassesOverWhatItMeets) {
  auto progress = published({1, 4, 3, 6, 2});
  EXPECT_EQ(progress.watermark(), 4);
  EXPECT_EQ(progress.anchor(), place(4));
  progress.close({5, 5});
  EXPECT_EQ(progress.watermark(), 6);
  EXPECT_EQ(progress.anchor(), place(6));
}

TEST(Progress, KeepsItsAnchorOnAMessageWhereHolesAreClosed) {
  auto progress = published({1, 2});
  progress.close({3, 7});
  EXPECT_EQ(progress.watermark(), 7);
  EXPECT_EQ(progress.anchor(), place(2)) << "no message is at 7 by which a history could be known";
  progress.settle(9);
  EXPECT_EQ(progress.watermark(), 9);
  EXPECT_EQ(progress.anchor(), place(2));
  progress.settle(12, place(11));
  EXPECT_EQ(progress.watermark(), 12);
  EXPECT_EQ(progress.anchor(), place(11));
}

TEST(Progress, ShowsHolesUpToALimit) {
  const auto progress = published({3, 7});
  EXPECT_THAT(progress.holes(5, 10), ElementsAre(Progress::Range{1, 2}, Progress::Range{4, 5}));
  EXPECT_THAT(progress.holes(5, 1), ElementsAre(Progress::Range{1, 2}));
  EXPECT_THAT(progress.holes(0, 10), ElementsAre());
}

TEST(Progress, ComesBackFromItsText) {
  for (const auto& progress : {Progress{}, published({1, 2, 3}), published({2, 5, 6, 9}), Progress{place(7)}}) {
    const auto again = Progress::decode(progress.encode());
    ASSERT_TRUE(again.has_value()) << progress.encode();
    EXPECT_EQ(again->encode(), progress.encode());
    EXPECT_EQ(again->watermark(), progress.watermark());
    EXPECT_EQ(again->anchor(), progress.anchor());
    for (std::int64_t p = 1; p < 12; ++p) EXPECT_EQ(again->contains(p), progress.contains(p)) << p;
  }
  EXPECT_EQ(published({2, 5, 6, 9}).encode(), "0 0 - 2+0,3+1,3+0@" + place(9).id.to_string());
  EXPECT_EQ(Progress::decode(published({2, 5, 6, 9}).encode())->top_place(), place(9));
}

TEST(Progress, RefusesTextThatNoProgressIs) {
  const auto id = place(1).id.to_string();
  for (const auto& text :
       {std::string{}, std::string{"0 0 -"}, "1 0 " + id + " -", "0 1 " + id + " -", std::string{"0 0 - 1+0"},
        std::string{"0 0 - 2+0,"}, std::string{"0 0 - 2+-1"}, std::string{"-1 0 - -"},
        std::string{"0 0 - 9223372036854775807+1"}, std::string{"0 0 - 2+9223372036854775807"},
        std::string{"0 0 - 5+0,~3"}, std::string{"x"}, "0 0 - @" + id, "0 0 - 2+0,@" + id, std::string{"0 0 - 2+0@"},
        "0 0 - 2+0@" + id + ",3+0", "0 0 - 2+0,~99@" + id}) {
    EXPECT_FALSE(Progress::decode(text).has_value()) << text;
  }
}

/// Too small is a repetition, too large would be a loss.
TEST(Progress, ForgetsTheHighestRangesWhenThereAreTooManyAndSaysSo) {
  Progress progress;
  const auto count = static_cast<std::int64_t>(Progress::ranges_max) + 10;
  for (std::int64_t i = 1; i <= count; ++i) progress.add(place(2 * i));
  EXPECT_EQ(progress.ranges(), Progress::ranges_max);
  EXPECT_FALSE(progress.exact());
  EXPECT_FALSE(progress.contains(2 * count));
  EXPECT_EQ(progress.top(), 2 * count);
  const auto again = Progress::decode(progress.encode());
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(again->exact());
  EXPECT_EQ(again->encode(), progress.encode());
  progress.settle(2 * count);
  EXPECT_TRUE(progress.exact());
  EXPECT_EQ(progress.watermark(), 2 * count);
}

/// Against the set that it stands for.
TEST(Progress, IsTheSetOfWhatWasAdded) {
  std::random_device device;
  const auto seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random{seed};
  for (int round = 0; round < 200; ++round) {
    std::vector<std::int64_t> order(60);
    std::iota(order.begin(), order.end(), 1);
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {  // out of order by a few, as commits are
      if (random() % 2 == 0) std::swap(order[i], order[i + random() % std::min<std::size_t>(8, order.size() - i)]);
    }
    Progress progress;
    std::set<std::int64_t> set;
    for (const auto position : order) {
      const bool empty = random() % 5 == 0;
      empty ? progress.close({position, position}) : progress.add(place(position));
      set.insert(position);
      std::int64_t watermark = 0;
      while (set.contains(watermark + 1)) ++watermark;
      ASSERT_EQ(progress.watermark(), watermark);
      ASSERT_LE(progress.anchor().position, watermark);
      for (std::int64_t p = 1; p <= 60; ++p) ASSERT_EQ(progress.contains(p), set.contains(p)) << p;
    }
    ASSERT_EQ(progress.ranges(), 0U);
  }
}

}  // namespace
}  // namespace annals::outbox
