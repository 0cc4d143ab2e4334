#include "annals/postgres/tail/name_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "annals/core/error.hpp"
#include "annals/core/text/stable_hash.hpp"
#include "annals/postgres/connection.hpp"

namespace annals::postgres {
namespace {

/// What a map takes for an entry beside the text: the entry, its links and bucket, and what malloc adds to node and text.
constexpr std::size_t overhead = sizeof(std::pair<std::int64_t, std::string>) + 5 * sizeof(void*);

}  // namespace

NameCache::NameCache(Connection& connection, std::string sql, std::string remedy)
    : connection_(connection),
      sql_(std::move(sql)),
      statement_(fmt::format("annals_names_{:x}", stable_hash(sql_))),
      remedy_(std::move(remedy)) {}

void NameCache::require(const std::vector<std::int64_t>& ids) {
  if (bytes_ > bytes_max) {
    names_ = std::make_shared<Names>();
    bytes_ = 0;
  }
  std::vector<std::int64_t> missing;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(missing), [&](auto id) { return !names_->contains(id); });
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  if (missing.empty()) return;
  // Prepared: a look that finds little should cost little, and planning is half of it.
  const auto rows = connection_.query_prepared(statement_, sql_, Params{}.bigint_array(missing));
  for (int row = 0; row < rows.rows(); ++row) {
    const auto name = rows.bytes(row, 1);
    (*names_)[rows.bigint(row, 0)] = name;
    bytes_ += name.size() + overhead;
  }
  if (static_cast<std::size_t>(rows.rows()) != missing.size()) {
    const auto nameless = std::find_if(missing.begin(), missing.end(), [&](auto id) { return !names_->contains(id); });
    throw Error{ErrorKind::corrupt, fmt::format("stream_id {} of the log is no stream", *nameless), {.hint = remedy_}};
  }
}

}  // namespace annals::postgres
