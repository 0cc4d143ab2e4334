#include "read/range_share.hpp"

#include <algorithm>

#include "store/statements.hpp"

namespace annals::eventstore {
namespace {

/// Some 2 MB of small events: one read each, and no session runs far ahead of the others.
constexpr std::int64_t width = 8192;

}  // namespace

RangeShare::RangeShare(postgres::Connection& connection, const std::string& schema, Span span, std::int64_t first,
                       std::int64_t step)
    : connection_(connection),
      reader_(connection, events_table(schema), postgres::RangeReader::Options{}),
      names_(connection, schema),
      span_(span),
      step_(step) {
  go_to(first);
}

void RangeShare::go_to(std::int64_t range) noexcept {
  range_ = range;
  at_ = std::min(span_.after + range * width, span_.end);
  end_ = std::min(at_ + width, span_.end);
}

bool RangeShare::fetch(EventPage& page) {
  while (at_ < span_.end) {
    const bool more = reader_.read({.after = at_, .up_to = end_}, page.rows);
    if (page.rows.empty()) {
      // A sequence can have jumped far: the ranges of the gap are not asked for one by one.
      const auto next = next_position();
      if (!next) return false;
      const auto ahead = (*next - span_.after - 1) / width - range_;
      go_to(range_ + std::max<std::int64_t>((ahead + step_ - 1) / step_, 1) * step_);
      continue;
    }
    page.state = postgres::OrderedTail::State::rows;
    const auto read = page.rows.size();
    names_.resolve(page);
    at_ = more || page.rows.size() < read ? page.last().value() : end_;
    if (at_ == end_) go_to(range_ + step_);
    return true;
  }
  return false;
}

std::optional<std::int64_t> RangeShare::next_position() {
  const auto rows = connection_.query("SELECT pg_catalog.min(position) FROM " + reader_.table().relation +
                                          " WHERE position > $1::bigint AND position <= $2::bigint",
                                      postgres::Params{}.bigint(end_).bigint(span_.end));
  if (rows.is_null(0, 0)) return std::nullopt;
  return rows.bigint(0, 0);
}

}  // namespace annals::eventstore
