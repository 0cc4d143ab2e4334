// Who has which shard, without a coordinator.
//
// Each process knows its rank among those that live, the eldest first, and so how many shards are its due: the whole number, and one
// of the rest for the eldest. The dues of all processes add up to the number of shards. A process that has more than its due gives
// those up; one that has less tries for as many as it lacks, free ones first. Locks decide who gets one.
//
// Why that comes to rest. While the same processes live, the dues stand still. A process gives up only what is above its due and
// tries for no more than it lacks, so none that is at its due ever moves, and none gets above it. While one lacks something another
// has too much, or a shard is free, because the dues add up; the one gives up, or the free one is taken by whoever is first, and with
// each of these the distance to the dues shrinks for good. No shard goes back and forth.
// Why little moves when processes come and go. A new one is the youngest: the dues of all others stay or fall. When one goes, theirs
// stay or grow. So nobody gives one up and takes another.
// When processes see different lives for a moment, a shard has two who try, or none; the next look mends that.
#include "relay/crew/allotment.hpp"

#include <algorithm>

namespace annals::relayd {
namespace {

using Look = outbox::ShardBoard::Look;

/// The lower the sooner: those it tries already, those nobody has, and those that somebody has who may be about to leave or die.
int order(const Look& look, const Holding& mine, std::size_t shard) {
  if (look.shards[shard].owned) return mine.wish == Wish::hold ? 2 : 3;
  return mine.wish == Wish::hold ? 0 : 1;
}

std::vector<Wish> retire_all(const Look& look, const std::vector<Holding>& mine) {
  std::vector<Wish> wishes;
  wishes.reserve(mine.size());
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const bool ours = mine[i].owned || mine[i].wish == Wish::retire || !look.shards[i].owned;
    wishes.push_back(!look.shards[i].retired && ours ? Wish::retire : Wish::leave);
  }
  return wishes;
}

std::size_t count_kept(const std::vector<Holding>& mine) {
  return static_cast<std::size_t>(
      std::ranges::count_if(mine, [](const Holding& holding) { return holding.owned || holding.halted; }));
}

/// Those of the others' to try for, the best first. Processes begin at different ones, so that they seldom want the same.
std::vector<std::size_t> candidates(const Look& look, const std::vector<Holding>& mine) {
  std::vector<std::size_t> all;
  all.reserve(mine.size());
  const auto begin = look.rank * mine.size() / std::max<std::size_t>(look.instances, 1);
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const auto shard = (begin + i) % mine.size();
    if (!mine[shard].owned && !mine[shard].halted) all.push_back(shard);
  }
  std::ranges::stable_sort(all, {}, [&](std::size_t shard) { return order(look, mine[shard], shard); });
  return all;
}

}  // namespace

std::size_t fair_share(std::size_t shards, std::size_t instances, std::size_t rank) noexcept {
  if (rank >= instances) return 0;
  return shards / instances + (rank < shards % instances ? 1 : 0);
}

std::vector<Wish> allot(const Look& look, const std::vector<Holding>& mine) {
  if (look.wanted != look.shards.size() && !look.catching_up) return retire_all(look, mine);
  std::vector<Wish> wishes(mine.size(), Wish::leave);
  // Of a single shard everybody may be the owner: the sooner one is there when it goes the better.
  const bool alone = mine.size() == 1;
  const bool unknown = look.rank >= look.instances;  // the others do not see this process: it keeps what it has
  const auto due = alone ? 1 : fair_share(mine.size(), look.instances, look.rank);
  auto kept = count_kept(mine);
  for (std::size_t i = mine.size(); i-- > 0;) {
    if (!mine[i].owned) continue;
    const bool too_many = kept > due && !unknown;
    wishes[i] = too_many ? Wish::leave : Wish::hold;
    kept -= too_many ? 1 : 0;
  }
  for (const auto shard : candidates(look, mine)) {
    if (kept >= due) break;
    wishes[shard] = Wish::hold;
    ++kept;
  }
  return wishes;
}

}  // namespace annals::relayd
