#include "annals/outbox/retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::Params;
using postgres::Result;
using std::chrono::milliseconds;

namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> states{"ahead", "written", "kept", "held", "spent"};
constexpr std::array<std::string_view, 5> actions{"attached", "rolled", "dropped", "busy", "none"};

std::string_view name_of(Kept table) { return table == Kept::outbox ? "outbox" : "claims"; }

template <class Enum>
Enum parse(const std::array<std::string_view, 5>& words, const std::string& word) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) {
    throw Error{ErrorKind::corrupt,
                fmt::format("the database says \"{}\" of a partition of the outbox", printable(word)),
                {.hint = "`annals schema validate` says whether the schema is this program's"}};
  }
  return static_cast<Enum>(found - words.begin());
}

std::optional<std::string> optional_text(const Result& rows, int row, int column) {
  if (rows.is_null(row, column)) return std::nullopt;
  return rows.text(row, column);
}

std::string render(std::string_view statement, const std::string& schema, Kept table) {
  require_identifier("schema", schema);
  return postgres::render(statement, {{"schema", schema}, {"log", name_of(table)}});
}

PartitionStatus partition_of(const Result& rows, int row) {
  PartitionStatus partition{.name = rows.text(row, 0),
                            .last_position = rows.bigint(row, 1),
                            .size_bytes = rows.bigint(row, 2),
                            .state = parse<PartitionStatus::State>(states, rows.text(row, 4)),
                            .held_by = rows.text(row, 6)};
  if (!rows.is_null(row, 3)) partition.last_age = milliseconds{rows.bigint(row, 3)};
  if (!rows.is_null(row, 5)) partition.overdue = milliseconds{rows.bigint(row, 5)};
  return partition;
}

Params& add(Params& params, const std::optional<std::string>& text) {
  return text ? params.text(*text) : params.null();
}

}  // namespace

std::string to_string(PartitionStatus::State state) { return std::string{states.at(static_cast<std::size_t>(state))}; }

std::string to_string(MaintenanceStep::Action action) {
  return std::string{actions.at(static_cast<std::size_t>(action))};
}

std::int64_t RetentionStatus::size_bytes() const noexcept {
  return std::accumulate(partitions.begin(), partitions.end(), std::int64_t{0},
                         [](std::int64_t sum, const PartitionStatus& partition) { return sum + partition.size_bytes; });
}

const PartitionStatus* RetentionStatus::overdue() const noexcept {
  const auto longest = std::max_element(partitions.begin(), partitions.end(), [](const auto& left, const auto& right) {
    return left.overdue < right.overdue;
  });
  return longest == partitions.end() || longest->overdue == milliseconds{0} ? nullptr : &*longest;
}

RetentionStatus read_retention(Connection& connection, const std::string& schema, Kept table) {
  RetentionStatus status;
  const auto policy = connection.query(render(sql::retention_policy, schema, table));
  if (!policy.empty()) {
    status.policy.retain = optional_text(policy, 0, 0);
    status.policy.partition_span = optional_text(policy, 0, 1);
    if (!policy.is_null(0, 2)) status.policy.partition_rows = policy.bigint(0, 2);
    status.policy.lock_wait = policy.text(0, 3);
  }
  const auto rows = connection.query(render(sql::retention_list, schema, table));
  status.partitions.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) status.partitions.push_back(partition_of(rows, row));
  return status;
}

void set_retention(Connection& connection, const std::string& schema, const RetentionPolicy& policy, Kept table) {
  Params params;
  add(params, policy.retain);
  add(params, policy.partition_span);
  policy.partition_rows ? params.bigint(*policy.partition_rows) : params.null();
  add(params, policy.lock_wait);
  const auto set = connection.query(render(sql::retention_set, schema, table), params);
  if (set.affected() == 1) return;
  throw Error{
      ErrorKind::failed,
      fmt::format("{}.{}_retention has {} rows instead of one", schema, name_of(table), set.affected()),
      {.hint = fmt::format("as the owner: INSERT INTO {}.{}_retention DEFAULT VALUES", schema, name_of(table))}};
}

MaintenanceStep maintain_outbox(Connection& connection, const std::string& schema, Kept table) {
  ANNALS_ASSERT(!connection.in_transaction());
  const auto row = connection.query(render(sql::retention_maintain, schema, table));
  return {.action = parse<MaintenanceStep::Action>(actions, row.text(0, 0)),
          .partition = row.text(0, 1),
          .detail = row.text(0, 2)};
}

}  // namespace annals::outbox
