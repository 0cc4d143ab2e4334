#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace annals::outbox {

/// One of the parts into which a relay divides a log by key. Each is a relay of its own, with a name, a checkpoint and an owner
/// of its own; one alone is the whole log.
struct Shard {
  std::size_t index = 1;  ///< from 1 to count
  std::size_t count = 1;

  bool operator==(const Shard&) const = default;
};

/// More than this many threads and sessions help nobody.
inline constexpr std::size_t shards_max = 64;

/// Throws Error{invalid} for a shard that there cannot be.
void require_valid(const Shard& shard);

/// A relay's name, and which of its shards is meant.
struct ShardName {
  std::string relay;
  Shard shard = {};

  bool operator==(const ShardName&) const = default;
};

/// The name under which a shard keeps its checkpoint and is known to every command: "orders/2-of-4"; that of the only one is the
/// relay's own.
[[nodiscard]] std::string shard_name(std::string_view relay, const Shard& shard);
/// What shard_name() was given.
[[nodiscard]] ShardName parse_shard_name(std::string_view name);

/// What a message of an outbox is divided by: PostgreSQL's extended hash of its key, and of its position when it has none, without the sign.
/// Its shard is that modulo their number, from 0. (Bob Jenkins, lookup3, as PostgreSQL has it on little-endian machines.)
[[nodiscard]] std::uint64_t shard_hash(std::string_view key, std::int64_t position);

}  // namespace annals::outbox
