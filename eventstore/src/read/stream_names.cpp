#include "read/stream_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"
#include "doctor/orphans.hpp"

namespace annals::eventstore {
namespace {

Error unknown_stream(const std::string& schema, std::int64_t position, std::int64_t stream_id) {
  return Error{ErrorKind::corrupt,
               fmt::format("{}.events: the event at position {} has stream_id {}, which is no stream", schema, position,
                           stream_id),
               {.hint = orphan_remedy(schema)}};
}

}  // namespace

StreamNames::StreamNames(postgres::Connection& connection, const std::string& schema)
    : connection_(connection),
      schema_(schema),
      names_(connection, postgres::render(sql::stream_names, schema), orphan_remedy(schema)) {}

void StreamNames::resolve(EventPage& page) {
  ids_.clear();
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    auto row = page.rows.row(i);
    (void)row.bigint();  // position
    ids_.push_back(row.bigint());
  }
  try {
    names_.require(ids_);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    end_before_unknown(page);
  }
  page.streams.clear();
  for (const auto id : ids_) page.streams.push_back(&names_.name(id));
  page.names = names_.generation();
}

void StreamNames::end_before_unknown(EventPage& page) {
  const auto rows =
      connection_.query(postgres::render(sql::stream_names, schema_), postgres::Params{}.bigint_array(ids_));
  std::unordered_set<std::int64_t> known;
  for (int row = 0; row < rows.rows(); ++row) known.insert(rows.bigint(row, 0));
  const auto unknown = std::ranges::find_if(ids_, [&](auto id) { return !known.contains(id); });
  const auto good = static_cast<std::size_t>(unknown - ids_.begin());
  if (good == 0) throw unknown_stream(schema_, page.rows.row(0).bigint(), ids_.front());
  page.rows.shrink(good);
  ids_.resize(std::min(good, ids_.size()));
  names_.require(ids_);
}

}  // namespace annals::eventstore
