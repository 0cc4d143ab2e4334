#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/outbox/shard.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/tail/range_reader.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// How a relay divides a log, by its row in relay_shards.
struct ShardPlan {
  std::size_t count = 1;
  std::size_t wanted = 1;  ///< not count: all shards are to retire
  std::vector<std::int64_t> came_from =
      {};                     ///< of each shard of the division before: up to where its messages are delivered
  bool retired = false;       ///< of the shard that was asked for
  std::int64_t position = 0;  ///< of its checkpoint
};

/// Nothing when the relay has never run.
[[nodiscard]] std::optional<ShardPlan> find_plan(postgres::Connection& connection, const postgres::MessageLog& log,
                                                 const ShardName& name);
/// The same; makes one of `name.shard.count` for a relay that is new.
[[nodiscard]] ShardPlan join_plan(postgres::Connection& connection, const postgres::MessageLog& log,
                                  const ShardName& name);
/// For whoever has just won the lock of a shard, in that session. Throws Error{failed}, retryable, when the log is not divided like
/// that, or the shard has retired: then nothing may be published by it.
/// came_from is empty when the shard is past all of it.
[[nodiscard]] ShardPlan require_plan(postgres::Connection& connection, const postgres::MessageLog& log,
                                     const ShardName& name);
/// For commands: throws Error{invalid} for a name that is none of the shards that the relay has now.
void require_current(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& relay);
/// Which rows of the log are a shard's to publish; none: all.
[[nodiscard]] std::optional<postgres::RowFilter> shard_filter(const postgres::MessageLog& log, const Shard& shard,
                                                              const std::vector<std::int64_t>& came_from);

/// These two for the owner of a shard, in the session that holds its lock: which process it is; and that it leaves for good. False:
/// it cannot yet.
void record_owner(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& name,
                  const EventId& instance);
[[nodiscard]] bool record_retirement(postgres::Connection& connection, const postgres::MessageLog& log,
                                     const std::string& name);

}  // namespace annals::outbox
