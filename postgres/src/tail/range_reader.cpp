#include "annals/postgres/tail/range_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text/stable_hash.hpp"
#include "annals/postgres/array_literal.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/params.hpp"

namespace annals::postgres {
namespace {

/// Nothing is known of the rows' size before the first read.
constexpr std::size_t first_read_rows = 64;
/// A reader that keeps up finds few rows at a time, thousands of times a second: a prepared SELECT begins for a sixth of
/// what the server pays to parse, plan and begin a COPY; from some hundred rows on COPY is the cheaper.
constexpr std::size_t few_rows_max = 256;
constexpr auto no_bound = std::numeric_limits<std::int64_t>::max();

void require_order(const RowBatch& batch, std::int64_t after, const std::string& relation) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto position = batch.row(i).bigint();
    if (position <= after) {
      throw Error{ErrorKind::corrupt,
                  fmt::format("{}: position {} came after {}", relation, position, after),
                  {.hint = "stop and check the table's indexes (amcheck, REINDEX)"}};
    }
    after = position;
  }
}

}  // namespace

RangeReader::RangeReader(Connection& connection, LogTable table, Options options)
    : connection_(connection),
      table_(std::move(table)),
      options_(options),
      rows_next_(std::min(first_read_rows, options.rows_max)) {
  ANNALS_ASSERT(options_.rows_max > 0);
  prepare_for({});
}

void RangeReader::prepare_for(std::string condition) {
  condition_ = std::move(condition);
  const auto& [select, position] = std::tie(table_.select, table_.position);
  few_.sql = fmt::format("{} WHERE {} > $1::bigint AND {} <= $2::bigint{} ORDER BY {} LIMIT $3::bigint", select,
                         position, position, condition_, position);
  // LATERAL: without it the planner joins the whole log with the spans.
  within_.sql = fmt::format(
      "SELECT line.* FROM unnest($1::bigint[], $2::bigint[]) AS span (first, last) CROSS JOIN LATERAL "
      "({} WHERE {} BETWEEN span.first AND span.last{} ORDER BY {} LIMIT $3::bigint) AS line "
      "ORDER BY 1 LIMIT $3::bigint",
      select, position, condition_, position);
  for (auto* statement : {&few_, &within_}) {
    statement->name = fmt::format("annals_rows_{:016x}", static_cast<std::uint64_t>(stable_hash(statement->sql)));
  }
}

void RangeReader::set_filter(const RowFilter& filter) {
  ArrayLiteral values;
  for (const auto& value : filter.values) values.add(value);
  connection_.query("SELECT pg_catalog.set_config('annals.filter', $1::text, false)",
                    Params{}.text(std::move(values).finish()));
  prepare_for(filter.condition.empty() ? std::string{} : " AND " + filter.condition);
}

bool RangeReader::read(const Range& range, RowBatch& batch) {
  const auto rows = std::clamp<std::size_t>(range.rows_max, 1, rows_next_);
  const bool few = found_last_ < few_rows_max;
  const auto asked = few ? std::min(rows, few_rows_max) : rows;
  if (few) {
    select(range, asked, batch);
  } else {
    copy(range, asked, batch);
  }
  batch.set_origin(table_.relation);
  require_order(batch, range.after, table_.relation);
  found_last_ = batch.truncated() ? few_rows_max : batch.size();
  adapt(batch, asked);
  return batch.truncated() || batch.size() == asked;
}

void RangeReader::select(const Range& range, std::size_t rows, RowBatch& batch) {
  connection_.select_rows(
      few_.name, few_.sql,
      Params{}.bigint(range.after).bigint(range.up_to.value_or(no_bound)).bigint(static_cast<std::int64_t>(rows)),
      options_.bytes_max, batch);
}

bool RangeReader::read_within(std::span<const Span> spans, RowBatch& batch) {
  batch.clear();
  if (spans.empty()) return false;
  std::vector<std::int64_t> first(spans.size());
  std::vector<std::int64_t> last(spans.size());
  std::ranges::transform(spans, first.begin(), &Span::first);
  std::ranges::transform(spans, last.begin(), &Span::last);
  connection_.select_rows(
      within_.name, within_.sql,
      Params{}.bigint_array(first).bigint_array(last).bigint(static_cast<std::int64_t>(options_.rows_max)),
      options_.bytes_max, batch);
  batch.set_origin(table_.relation);
  require_order(batch, spans.front().first - 1, table_.relation);
  return batch.truncated() || batch.size() == options_.rows_max;
}

void RangeReader::copy(const Range& range, std::size_t rows, RowBatch& batch) {
  const auto bound = range.up_to ? fmt::format(" AND {} <= {}", table_.position, *range.up_to) : std::string{};
  // COPY takes no parameters; what is put into the text are integers and the table's own constant SQL.
  connection_.copy_out(
      fmt::format("COPY ({} WHERE {} > {}{}{} ORDER BY {} LIMIT {}) TO STDOUT (FORMAT binary)", table_.select,
                  table_.position, range.after, bound, condition_, table_.position, rows),
      options_.bytes_max, batch);
}

/// The next read asks for as many rows as should fill bytes_max, at most twice as many as this one.
void RangeReader::adapt(const RowBatch& batch, std::size_t asked) noexcept {
  if (batch.empty()) return;
  const auto row_bytes = std::max<std::size_t>(batch.byte_size() / batch.size(), 1);
  const auto fitting = std::max<std::size_t>(options_.bytes_max / row_bytes, 1);
  const auto grown = batch.size() == asked && asked == rows_next_ ? rows_next_ * 2 : rows_next_;
  rows_next_ = std::clamp<std::size_t>(std::min(fitting, grown), 1, options_.rows_max);
}

}  // namespace annals::postgres
