#include "progress/checkpoint_store.hpp"

#include <fmt/format.h>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/connection.hpp"
#include "annals_outbox_sql.hpp"
#include "log/relay_table.hpp"

namespace annals::outbox {

using postgres::Params;

CheckpointStore::CheckpointStore(postgres::Connection& connection, const std::string& schema, RelayTable table,
                                 std::string relay)
    : connection_(connection),
      relay_(std::move(relay)),
      log_(to_string(table)),
      create_sql_(render_for(sql::checkpoint_create, table, schema)),
      load_sql_(render_for(sql::checkpoint_load, table, schema)),
      save_sql_(render_for(sql::checkpoint_save, table, schema)) {}

std::int64_t CheckpointStore::load() {
  cluster_ = postgres::read_cluster_identity(connection_);
  connection_.query(create_sql_,
                    Params{}.text(relay_).text(log_).text(cluster_.system_identifier).text(cluster_.timeline));
  const auto row = connection_.query(load_sql_, Params{}.text(relay_).text(log_));
  ANNALS_ASSERT(row.rows() == 1);
  saved_ = row.bigint(0, 0);
  if (row.bytes(0, 2) != cluster_.system_identifier) {
    refuse(fmt::format("was made in cluster {}, and this is cluster {}", row.bytes(0, 2), cluster_.system_identifier));
  }
  if (saved_ == 0) return 0;
  if (row.is_null(0, 3)) refuse(fmt::format("stands on message {}, which is not there", row.uuid(0, 1).to_string()));
  if (row.uuid(0, 1) != row.uuid(0, 3)) {
    refuse(fmt::format("stands on message {}, but that position holds message {}", row.uuid(0, 1).to_string(),
                       row.uuid(0, 3).to_string()));
  }
  return saved_;
}

void CheckpointStore::save(std::int64_t position) {
  ANNALS_ASSERT(position >= saved_);
  const auto result = connection_.query_prepared(
      "annals_checkpoint_save", save_sql_,
      Params{}.text(relay_).text(log_).bigint(saved_).bigint(position).text(cluster_.timeline));
  if (result.affected() != 1) refuse("was written by another program while this relay owned it");
  saved_ = position;
}

void CheckpointStore::refuse(const std::string& what) const {
  throw Error{ErrorKind::corrupt,
              fmt::format("checkpoint {} of relay \"{}\" on {} {}", saved_, relay_, log_, what),
              {.hint = fmt::format("find out which history is the right one; then `annals relay adopt {} --table {}` "
                                   "makes the checkpoint belong to this database",
                                   relay_, log_),
               .sqlstate = {}}};
}

}  // namespace annals::outbox
