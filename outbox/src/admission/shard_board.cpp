#include "annals/outbox/shard_board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "admission/shard_change.hpp"
#include "admission/shard_plan.hpp"
#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"

namespace annals::outbox {

using postgres::Params;

namespace {

std::string instance_lock(const postgres::MessageLog& log, const std::string& relay, const EventId& id) {
  return postgres::ownership_name({"relay-instance", log.schema, log.name, relay, id.to_string()});
}

}  // namespace

ShardBoard::ShardBoard(postgres::Connection& connection, postgres::MessageLog log, const std::string& relay,
                       std::size_t shards, Instance self)
    : connection_(connection),
      log_(std::move(log)),
      name_{.relay = relay, .shard = {.index = 1, .count = shards}},
      self_(std::move(self)),
      lock_name_(instance_lock(log_, relay, self_.id)),
      lock_(connection_, lock_name_) {}

/// The lock first: who has a row and no lock is taken for dead.
void ShardBoard::join() {
  if (!lock_.try_acquire()) return;  // an earlier session of this process is not over for the server
  connection_.query(postgres::render(sql::instance_join, log_), Params{}
                                                                    .uuid(self_.id)
                                                                    .text(name_.relay)
                                                                    .text(log_.name)
                                                                    .bigint(postgres::ownership_key(lock_name_))
                                                                    .text(self_.host)
                                                                    .integer(self_.pid));
}

ShardBoard::Look ShardBoard::look() {
  if (!lock_.held()) join();
  lock_.touch();
  auto look = take_stock();
  if (look.rank == look.instances) join();
  if (look.dead > 0) {
    connection_.query(postgres::render(sql::instance_reap, log_), Params{}.text(name_.relay).text(log_.name));
  }
  const bool all_retired = std::ranges::all_of(look.shards, &State::retired);
  const bool any_retired = std::ranges::any_of(look.shards, &State::retired);
  const bool to_change = look.wanted != look.shards.size();
  if (to_change && all_retired) change_shards(connection_, log_, name_.relay);
  if (!to_change && any_retired) recall_shards(connection_, log_, name_.relay, look.shards.size());
  return look;
}

ShardBoard::Look ShardBoard::take_stock() {
  const auto plan = join_plan(connection_, log_, name_);
  auto look = read(plan.count, plan.came_from);
  look.wanted = plan.wanted;
  return look;
}

ShardBoard::Look ShardBoard::read(std::size_t count, const std::vector<std::int64_t>& came_from) {
  const auto names = shard_names(name_.relay, count);
  std::vector<std::int64_t> keys;
  keys.reserve(count);
  for (const auto& name : names) keys.push_back(postgres::ownership_key(lock_name_of(log_, name)));
  auto params = Params{}.text(name_.relay).text(log_.name);
  add_names(params, names);
  const auto rows = connection_.query_prepared("annals_shards_look", postgres::render(sql::shards_look, log_),
                                               params.bigint_array(keys).uuid(self_.id));
  Look look{.instances = static_cast<std::size_t>(rows.bigint(0, 0)), .shards = {}};
  const auto rank = static_cast<std::size_t>(rows.bigint(0, 1));
  look.rank = rank == 0 ? look.instances : rank - 1;
  look.dead = static_cast<std::size_t>(rows.bigint(0, 2));
  const auto before = came_from.empty() ? 0 : *std::ranges::max_element(came_from);
  look.shards.reserve(count);
  for (int row = 0; row < rows.rows(); ++row) {
    look.shards.push_back({rows.boolean(row, 3), rows.boolean(row, 4), rows.bigint(row, 5)});
    look.catching_up = look.catching_up || look.shards.back().position < before;
  }
  return look;
}

std::vector<InstanceStatus> read_instances(postgres::Connection& connection,
                                           const std::vector<postgres::MessageLog>& logs) {
  std::vector<InstanceStatus> all;
  for (const auto& log : logs) {
    const auto rows = connection.query(postgres::render(sql::instance_all, log), Params{}.text(log.name));
    all.reserve(all.size() + static_cast<std::size_t>(rows.rows()));
    for (int row = 0; row < rows.rows(); ++row) {
      all.push_back({.relay = rows.text(row, 0),
                     .log = log.name,
                     .instance = {.id = rows.uuid(row, 1), .host = rows.text(row, 2), .pid = rows.integer(row, 3)},
                     .started_at = rows.timestamptz(row, 4),
                     .lives = rows.boolean(row, 5)});
    }
  }
  return all;
}

void ShardBoard::leave() {
  connection_.query(postgres::render(sql::instance_leave, log_),
                    Params{}.uuid(self_.id).text(name_.relay).text(log_.name));
  lock_.release();
}

}  // namespace annals::outbox
