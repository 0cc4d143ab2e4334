#include "relay/crew/allotment.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace annals::relayd {
namespace {

using Look = outbox::ShardBoard::Look;
using ::testing::ElementsAre;

/// Processes that share shards, with locks that are taken and left as Sources do it, one process after the other.
class Village {
 public:
  explicit Village(std::size_t shards) : owner_(shards, nobody) {}

  void come() {
    alive_.push_back(static_cast<int>(wishes_.size()));
    wishes_.emplace_back(owner_.size(), Wish::leave);
  }
  void go(std::size_t rank) {
    std::ranges::replace(owner_, alive_[rank], nobody);
    alive_.erase(alive_.begin() + static_cast<std::ptrdiff_t>(rank));
  }
  /// One process looks and acts; returns how many shards it gave up.
  int turn(std::size_t rank) {
    const auto me = alive_[rank];
    auto& wishes = wishes_[static_cast<std::size_t>(me)];
    wishes = allot(look(rank), holdings(me, wishes));
    int given_up = 0;
    for (std::size_t i = 0; i < owner_.size(); ++i) {
      if (owner_[i] == me && wishes[i] == Wish::leave) {
        owner_[i] = nobody;
        ++given_up;
        ++moves_;
      } else if (owner_[i] == nobody && wishes[i] == Wish::hold) {
        owner_[i] = me;
      }
    }
    return given_up;
  }
  /// Until nobody wants another shard any more.
  void settle(std::minstd_rand& random) {
    for (std::size_t i = 0; i < 40 * owner_.size() * alive_.size(); ++i) turn(random() % alive_.size());
  }
  [[nodiscard]] std::vector<std::size_t> shares() const {
    std::vector<std::size_t> shares;
    for (const auto id : alive_) shares.push_back(static_cast<std::size_t>(std::ranges::count(owner_, id)));
    return shares;
  }
  [[nodiscard]] std::size_t processes() const { return alive_.size(); }
  [[nodiscard]] int take_moves() { return std::exchange(moves_, 0); }

 private:
  static constexpr int nobody = -1;

  [[nodiscard]] Look look(std::size_t rank) const {
    Look look{.wanted = owner_.size(), .instances = alive_.size(), .rank = rank, .shards = {}};
    for (const auto owner : owner_) look.shards.push_back({.owned = owner != nobody});
    return look;
  }
  [[nodiscard]] std::vector<Holding> holdings(int me, const std::vector<Wish>& wishes) const {
    std::vector<Holding> mine;
    for (std::size_t i = 0; i < owner_.size(); ++i) mine.push_back({.owned = owner_[i] == me, .wish = wishes[i]});
    return mine;
  }

  std::vector<int> owner_;
  std::vector<int> alive_;
  std::vector<std::vector<Wish>> wishes_;
  int moves_ = 0;
};

TEST(Allotment, SharesMakeTheWhole) {
  for (std::size_t shards = 1; shards <= 12; ++shards) {
    for (std::size_t instances = 1; instances <= 15; ++instances) {
      std::size_t sum = 0;
      for (std::size_t rank = 0; rank < instances; ++rank) sum += fair_share(shards, instances, rank);
      EXPECT_EQ(sum, shards);
    }
  }
}

TEST(Allotment, ProcessesComeToRestAtTheirShares) {
  std::minstd_rand random{7};
  Village village{4};
  village.come();
  village.settle(random);
  EXPECT_THAT(village.shares(), ElementsAre(4));
  village.come();
  village.settle(random);
  EXPECT_THAT(village.shares(), ElementsAre(2, 2));
  EXPECT_EQ(village.take_moves(), 2);
  village.come();
  village.settle(random);
  EXPECT_THAT(village.shares(), ElementsAre(2, 1, 1));
  EXPECT_EQ(village.take_moves(), 1) << "no more moves than it takes";
  village.go(0);
  village.settle(random);
  EXPECT_THAT(village.shares(), ElementsAre(2, 2));
  EXPECT_EQ(village.take_moves(), 0) << "nobody gives up one to take another";
}

TEST(Allotment, ComesToRestWhateverHappens) {
  std::minstd_rand random{11};
  for (int round = 0; round < 200; ++round) {
    const auto shards = 1 + random() % 9;
    Village village{shards};
    village.come();
    for (int change = 0; change < 8; ++change) {
      if (village.processes() > 1 && random() % 2 == 0) {
        village.go(random() % village.processes());
      } else {
        village.come();
      }
      village.settle(random);
      (void)village.take_moves();
      village.settle(random);
      EXPECT_EQ(village.take_moves(), 0) << "a shard goes back and forth";
      const auto shares = village.shares();
      EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), std::size_t{0}), shards);
      if (shards == 1) continue;
      EXPECT_LE(*std::ranges::max_element(shares) - *std::ranges::min_element(shares), 1U);
    }
  }
}

TEST(Allotment, OfASingleShardEverybodyStandsBy) {
  Look look{.wanted = 1, .instances = 3, .rank = 2, .shards = {{.owned = true}}};
  EXPECT_THAT(allot(look, {{}}), ElementsAre(Wish::hold));
}

TEST(Allotment, KeepsWhatItHasWhileTheOthersDoNotSeeIt) {
  Look look{.wanted = 2, .instances = 1, .rank = 1, .shards = {{.owned = true}, {.owned = true}}};
  EXPECT_THAT(allot(look, {{.owned = true}, {}}), ElementsAre(Wish::hold, Wish::leave));
}

TEST(Allotment, AHaltedShardCountsAndIsNotTried) {
  Look look{.wanted = 2, .instances = 1, .rank = 0, .shards = {{}, {}}};
  EXPECT_THAT(allot(look, {{.halted = true}, {}}), ElementsAre(Wish::leave, Wish::hold));
}

TEST(Allotment, AllRetireWhenTheNumberChangesAndNothingIsLeftOfTheLastChange) {
  Look look{.wanted = 2, .instances = 2, .rank = 1, .shards = {{.owned = true}, {}, {.retired = true}}};
  EXPECT_THAT(allot(look, {{}, {}, {}}), ElementsAre(Wish::leave, Wish::retire, Wish::leave));
  EXPECT_THAT(allot(look, {{.owned = true}, {.wish = Wish::retire}, {}}),
              ElementsAre(Wish::retire, Wish::retire, Wish::leave));
  look.catching_up = true;
  EXPECT_THAT(allot(look, {{}, {}, {}}), ::testing::Not(::testing::Contains(Wish::retire)));
}

}  // namespace
}  // namespace annals::relayd
