#include "annals/postgres/tail/horizon_store.hpp"

#include <algorithm>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals/postgres/tail/recovery.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {
namespace {

/// However slow a write was, perhaps only once, readers of a replica wait no longer for the next one.
constexpr std::chrono::seconds spared_max{5};

}  // namespace

HorizonStore::HorizonStore(Connection& connection, std::string relation)
    : connection_(connection),
      relation_(std::move(relation)),
      load_sql_(render(sql::horizon_load, {{"relation", relation_}})),
      store_sql_(render(sql::horizon_store, {{"relation", relation_}})) {}

bool HorizonStore::due(std::int64_t horizon, bool at_rest) {
  if (relation_.empty() || horizon <= stored_) return false;
  const auto now = std::chrono::steady_clock::now();
  const auto interval = at_rest ? rest_interval : store_interval;
  const auto spared = std::min<std::chrono::steady_clock::duration>(cost_ * 100, spared_max);
  if (now - offered_at_ < std::max<std::chrono::steady_clock::duration>(interval, spared)) return false;
  offered_at_ = now;
  return may_write();
}

void HorizonStore::store(std::int64_t horizon) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    const auto row = connection_.query_prepared("annals_horizon_store", store_sql_, Params{}.bigint(horizon));
    if (!row.empty()) stored_ = std::max(stored_, row.bigint(0, 0));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::disconnected) throw;
  }
  cost_ = std::chrono::steady_clock::now() - begin;
}

HorizonStore::Stored HorizonStore::load() {
  if (relation_.empty()) return {.in_recovery = in_recovery(connection_)};
  const auto row = connection_.query_prepared("annals_horizon_load", load_sql_);
  Stored stored{.in_recovery = row.boolean(0, 0)};
  if (!row.is_null(0, 1)) stored.horizon = row.bigint(0, 1);
  return stored;
}

bool HorizonStore::may_write() {
  if (!may_write_) {
    may_write_ = connection_.query(std::string{sql::horizon_may_store}, Params{}.text(relation_)).boolean(0, 0);
  }
  return *may_write_;
}

}  // namespace annals::postgres
