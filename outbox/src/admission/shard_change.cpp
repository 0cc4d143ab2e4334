// How the number of shards changes, without a message lost or repeated and with every key in order.
//
// A relay's row in relay_shards says how many shards there are and how many are wanted. When these differ, each shard retires: its
// owner, or whoever takes it over from an owner that is gone, opens it as always, which shuts predecessors out, waits for what
// is in flight, records its checkpoint and marks that as retired, holding the shard's lock all the while. When all are retired, one
// transaction removes their checkpoints and makes those of the new shards.
//
// Invariants
//   S1  A shard is opened under its lock, in a session that has seen there that the row says its number and that the shard has not
//       retired. A shard retires under its lock. So after its retirement nobody opens it, and a former owner whose session is gone
//       can read no more messages and write no checkpoint.
//   S2  The position Ci of a retired shard is exact: every message of its keys at or below it is delivered, and its owner
//       acknowledged nothing above it.
//   S3  A new shard begins at the lowest Ci and leaves out what is at or below the Ci of the shard that the message belonged to
//       before (came_from). So it gives each message of its keys after Ci and none before: nothing is lost or repeated.
//   S4  Of a key everything up to Ci was durable before the change, and one new shard has everything after it: order holds. What a
//       former owner sent last and is late is a repetition, or in order before what the new shard sends (relay_run.cpp); under exactly
//       once its transaction is aborted by whoever opened the shard to retire it.
//   S5  The next change waits until all shards are past the highest Ci: then one number a shard says all again.
//
// The hash decides about nothing but who publishes a message; it must be the same for all processes of one database while one
// division lasts. PostgreSQL's own extended hash functions are: hash partitioning keeps rows by them.
#include "admission/shard_change.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "admission/shard_plan.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/shard.hpp"
#include "annals/outbox/shard_board.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;

namespace {

/// Also {alias}, as which the log's own select knows its table, and {hash}.
std::string render_hash(std::string_view sql, const MessageLog& log) {
  return postgres::render(sql, {{"schema", log.schema},
                                {"relation", log.rows.empty() ? log.relation : log.rows},
                                {"alias", log.position.substr(0, log.position.find('.'))},
                                {"hash", log.shard_hash}});
}

/// Nothing when one has not retired.
std::optional<std::vector<std::int64_t>> retired_at(Connection& connection, const MessageLog& log,
                                                    const std::vector<std::string>& names) {
  auto params = Params{}.text(log.name);
  add_names(params, names);
  const auto rows = connection.query(postgres::render(sql::shards_retired, log), params);
  std::vector<std::int64_t> positions;
  positions.reserve(names.size());
  for (int row = 0; row < rows.rows(); ++row) {
    if (rows.is_null(row, 0)) return std::nullopt;
    positions.push_back(rows.bigint(row, 0));
  }
  return positions;
}

ShardPlan known_plan(Connection& connection, const MessageLog& log, const std::string& relay) {
  if (auto plan = find_plan(connection, log, {.relay = relay})) return std::move(*plan);
  throw invalid(fmt::format("relay \"{}\" has never run on {}", printable(relay), log.name),
                "see `annals relay status` for the names there are; a new one has as many as relay.shards says");
}

}  // namespace

std::vector<std::string> shard_names(const std::string& relay, std::size_t count) {
  std::vector<std::string> names;
  names.reserve(count);
  for (std::size_t index = 1; index <= count; ++index) names.push_back(shard_name(relay, {index, count}));
  return names;
}

void add_names(Params& params, const std::vector<std::string>& names) {
  params.text_array(std::vector<std::optional<std::string_view>>{names.begin(), names.end()});
}

void change_shards(Connection& connection, const MessageLog& log, const std::string& relay) {
  postgres::Transaction transaction{connection};
  connection.execute("SET LOCAL synchronous_commit = on");
  const auto row = connection.query(postgres::render(sql::shards_lock, log), Params{}.text(relay).text(log.name));
  if (row.empty() || row.integer(0, 0) == row.integer(0, 1)) return;
  const auto before = shard_names(relay, static_cast<std::size_t>(row.integer(0, 0)));
  const auto after = shard_names(relay, static_cast<std::size_t>(row.integer(0, 1)));
  const auto positions = retired_at(connection, log, before);
  if (!positions) return;
  auto old_names = Params{}.text(log.name);
  add_names(old_names, before);
  auto both = old_names;
  add_names(both, after);
  connection.query(postgres::render(sql::shards_found, log), both);
  connection.query(render_hash(sql::shards_move_parked, log), both);
  connection.query(render_hash(sql::shards_move_decisions, log), both);
  connection.query(postgres::render(sql::shards_remove, log), old_names);
  connection.query(postgres::render(sql::shards_change, log),
                   Params{}.text(relay).text(log.name).bigint_array(*positions));
  transaction.commit();
}

void recall_shards(Connection& connection, const MessageLog& log, const std::string& relay, std::size_t count) {
  auto params = Params{}.text(relay).text(log.name);
  add_names(params, shard_names(relay, count));
  connection.query(postgres::render(sql::shards_recall, log), params);
}

void want_shards(Connection& connection, const MessageLog& log, const std::string& relay, std::size_t shards) {
  require_valid(Shard{.index = 1, .count = shards});
  if (log.relation.empty() && shards > 1) {
    throw invalid(fmt::format("the {} of relay \"{}\" cannot be divided", log.name, printable(relay)),
                  "they are in the write-ahead log alone, and a slot has one reader: have relays of other names "
                  "capture other tables");
  }
  (void)known_plan(connection, log, relay);
  connection.query(postgres::render(sql::shards_want, log),
                   Params{}.text(relay).text(log.name).integer(static_cast<std::int32_t>(shards)));
}

ShardNumbers read_shards(Connection& connection, const MessageLog& log, const std::string& relay) {
  const auto plan = known_plan(connection, log, relay);
  return {.shards = plan.count, .wanted = plan.wanted};
}

}  // namespace annals::outbox
