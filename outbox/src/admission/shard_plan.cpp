#include "admission/shard_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;

namespace {

std::vector<std::int64_t> numbers(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::int64_t> all;
  for (std::int64_t number = 0; in >> number;) all.push_back(number);
  return all;
}

Error outdated(const ShardName& name, const ShardPlan& plan) {
  const auto shown = printable(shard_name(name.relay, name.shard));
  if (plan.count == name.shard.count) {
    return {ErrorKind::failed,
            fmt::format("relay \"{}\" has retired: there are to be {} shards", shown, plan.wanted),
            {.hint = "annals-relay makes the new ones when all old ones have", .retryable = true}};
  }
  return {ErrorKind::failed,
          fmt::format("relay \"{}\" is not one: \"{}\" has {} shard{}", shown, printable(name.relay), plan.count,
                      plan.count == 1 ? "" : "s"),
          {.hint = "`annals relay shards` shows and changes their number", .retryable = true}};
}

}  // namespace

std::optional<ShardPlan> find_plan(Connection& connection, const MessageLog& log, const ShardName& name) {
  const auto row = connection.query(postgres::render(sql::shards_plan, log),
                                    Params{}.text(name.relay).text(log.name).text(shard_name(name.relay, name.shard)));
  if (row.empty()) return std::nullopt;
  return ShardPlan{.count = static_cast<std::size_t>(row.integer(0, 0)),
                   .wanted = static_cast<std::size_t>(row.integer(0, 1)),
                   .came_from = numbers(row.text(0, 2)),
                   .retired = row.boolean(0, 3),
                   .position = row.bigint(0, 4)};
}

ShardPlan join_plan(Connection& connection, const MessageLog& log, const ShardName& name) {
  if (auto plan = find_plan(connection, log, name)) return std::move(*plan);
  connection.query(postgres::render(sql::shards_join, log),
                   Params{}.text(name.relay).text(log.name).integer(static_cast<std::int32_t>(name.shard.count)));
  if (auto plan = find_plan(connection, log, name)) return std::move(*plan);
  throw Error{ErrorKind::failed,
              fmt::format("how relay \"{}\" divides {} was not kept", printable(name.relay), log.name),
              {.hint = "a trigger or a rule that somebody put on relay_shards swallows rows: remove it"}};
}

ShardPlan require_plan(Connection& connection, const MessageLog& log, const ShardName& name) {
  auto plan = join_plan(connection, log, name);
  if (plan.count != name.shard.count || plan.retired) throw outdated(name, plan);
  const bool past = std::ranges::all_of(plan.came_from, [&](auto position) { return plan.position >= position; });
  if (past) plan.came_from.clear();
  return plan;
}

void require_current(Connection& connection, const MessageLog& log, const std::string& relay) {
  const auto name = parse_shard_name(relay);
  const auto plan = find_plan(connection, log, name);
  if (!plan || plan->count == name.shard.count) return;
  const auto error = outdated(name, *plan);
  throw invalid(error.message(), error.hint());
}

/// Integers of our own and the log's constant SQL.
std::optional<postgres::RowFilter> shard_filter(const MessageLog& log, const Shard& shard,
                                                const std::vector<std::int64_t>& came_from) {
  const auto bits = fmt::format("(({}) & 9223372036854775807)", log.shard_hash);
  std::string condition;
  if (shard.count > 1) condition = fmt::format("{} % {} = {}", bits, shard.count, shard.index - 1);
  if (!came_from.empty()) {
    condition += fmt::format("{}{} > (ARRAY[{}]::bigint[])[1 + {} % {}]", condition.empty() ? "" : " AND ",
                             log.position, fmt::join(came_from, ","), bits, came_from.size());
  }
  if (condition.empty()) return std::nullopt;
  return postgres::RowFilter{.condition = std::move(condition), .values = {}};
}

void record_owner(Connection& connection, const MessageLog& log, const std::string& name, const EventId& instance) {
  connection.query(postgres::render(sql::shards_owner, log), Params{}.text(name).text(log.name).uuid(instance));
}

bool record_retirement(Connection& connection, const MessageLog& log, const std::string& name) {
  const auto params = Params{}.text(name).text(log.name).text(parse_shard_name(name).relay);
  return connection.query(postgres::render(sql::shards_retire, log), params).affected() == 1;
}

}  // namespace annals::outbox
