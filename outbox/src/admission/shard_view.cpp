// All positions are read before the own rows, in a statement of its own. Rows do not change and are not removed while somebody reads
// there: what was seen by the first statement, and is not among the rows of the second, is somebody else's. What became visible in
// between is an own row that the first has not seen, or is found the next time. So the rows are as if the second had read alone, up to the
// last position of the first.
#include "admission/shard_view.hpp"

#include <algorithm>
#include <limits>

#include "annals/core/assert.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {
namespace {

postgres::LogTable positions_of(const postgres::LogTable& table) {
  return {
      .relation = table.relation,
      .select = postgres::render(sql::shard_positions, {{"position", table.position},
                                                        {"relation", table.rows.empty() ? table.relation : table.rows},
                                                        {"alias", table.position.substr(0, table.position.find('.'))}}),
      .position = table.position};
}

std::int64_t last_of(const postgres::RowBatch& rows) { return rows.row(rows.size() - 1).bigint(); }

}  // namespace

std::int64_t ShardView::Found::first() const {
  ANNALS_ASSERT(!empty());
  constexpr auto none = std::numeric_limits<std::int64_t>::max();
  return std::min(rows.empty() ? none : rows.row(0).bigint(), others.empty() ? none : others.front());
}

std::int64_t ShardView::Found::fitting(std::int64_t before, std::size_t room) const {
  auto other = others.begin();
  std::size_t row = 0;
  while (row < rows.size() || other != others.end()) {
    const bool own = other == others.end() || (row < rows.size() && rows.row(row).bigint() < *other);
    const auto position = own ? rows.row(row++).bigint() : *other++;
    if (position != before + 1) {
      if (room == 0) break;
      --room;
    }
    before = position;
  }
  return before;
}

bool ShardView::Found::cut(std::int64_t last) {
  auto count = rows.size();
  while (count > 0 && rows.row(count - 1).bigint() > last) --count;
  const bool rows_left_out = count < rows.size();
  if (rows_left_out) rows.shrink(count);
  const auto behind = std::ranges::upper_bound(others, last);
  const bool others_left_out = behind != others.end();
  others.erase(behind, others.end());
  return rows_left_out || others_left_out;
}

void ShardView::Found::clear() {
  rows.clear();
  others.clear();
}

ShardView::ShardView(postgres::Connection& connection, const postgres::LogTable& table,
                     postgres::RangeReader::Options limits, const std::optional<postgres::RowFilter>& filter)
    : rows_(connection, table, limits) {
  if (!filter) return;
  rows_.set_filter(*filter);
  all_.emplace(connection, positions_of(table), limits);
}

bool ShardView::read(std::int64_t after, Found& found) {
  found.clear();
  if (!all_) return rows_.read({.after = after}, found.rows);
  const bool more_seen = all_->read({.after = after}, seen_);
  if (seen_.empty()) return false;
  const bool more_rows = rows_.read({.after = after, .up_to = last_of(seen_)}, found.rows);
  return join(more_rows, more_seen, found);
}

bool ShardView::read_within(std::span<const Span> spans, Found& found) {
  found.clear();
  if (!all_) return rows_.read_within(spans, found.rows);
  const bool more_seen = all_->read_within(spans, seen_);
  if (!more_seen) return join(rows_.read_within(spans, found.rows), false, found);
  std::vector<Span> up_to_seen;
  up_to_seen.reserve(spans.size());
  for (const auto& span : spans) {
    if (span.first <= last_of(seen_)) up_to_seen.push_back({span.first, std::min(span.last, last_of(seen_))});
  }
  return join(rows_.read_within(up_to_seen, found.rows), true, found);
}

/// Nothing is known beyond the last own row when there are more of them.
bool ShardView::join(bool more_rows, bool more_seen, Found& found) {
  std::size_t row = 0;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    const auto position = seen_.row(i).bigint();
    while (row < found.rows.size() && found.rows.row(row).bigint() < position) ++row;
    if (row == found.rows.size() && more_rows) break;
    if (row == found.rows.size() || found.rows.row(row).bigint() != position) found.others.push_back(position);
  }
  return more_rows || more_seen;
}

}  // namespace annals::outbox
