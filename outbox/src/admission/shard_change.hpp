#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "annals/postgres/message_log.hpp"
#include "annals/postgres/params.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// The names of all shards, in their order.
[[nodiscard]] std::vector<std::string> shard_names(const std::string& relay, std::size_t count);
void add_names(postgres::Params& params, const std::vector<std::string>& names);

/// An operator has thought better of it: those that have retired already may be opened again.
void recall_shards(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& relay,
                   std::size_t count);
/// Puts the shards that are wanted in the place of those that there are, if all of these have retired; shard_change.cpp has the
/// argument. May be called by several at once.
void change_shards(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& relay);

}  // namespace annals::outbox
