#pragma once
#include <cstddef>
#include <vector>

#include "annals/outbox/shard_board.hpp"
#include "relay/crew/seat.hpp"

namespace annals::relayd {

/// How many of `shards` are the due of the process of this rank; those of all processes make the whole.
[[nodiscard]] std::size_t fair_share(std::size_t shards, std::size_t instances, std::size_t rank) noexcept;

/// A shard as this process has it.
struct Holding {
  bool owned = false;
  bool halted = false;  ///< it can do nothing about it without an operator
  Wish wish = Wish::leave;
};

/// What this process is to want of each shard, after a look at all; allotment.cpp has the argument why the processes come to rest.
[[nodiscard]] std::vector<Wish> allot(const outbox::ShardBoard::Look& look, const std::vector<Holding>& mine);

}  // namespace annals::relayd
