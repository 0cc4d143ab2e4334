#include "annals/eventstore/message_log.hpp"

#include "annals/core/text.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"
#include "doctor/orphans.hpp"

namespace annals::eventstore {

postgres::MessageLog message_log(const std::string& schema) {
  require_identifier("schema", schema);
  return {.name = "events",
          .schema = schema,
          .relation = schema + ".events",
          .select = postgres::render(sql::events_rows, schema),
          .position = "e.position",
          .id = "event_id",
          .stream_names = postgres::render(sql::stream_names, schema),
          .stream_remedy = orphan_remedy(schema),
          .horizon = schema + ".events_horizon",
          .names_topics = false,
          .shard_hash = "pg_catalog.hashint8extended(e.stream_id, 0)",
          .publication = schema + "_events",
          .columns = {.stream = "stream_id", .payload = "data", .sequence = "version"}};
}

}  // namespace annals::eventstore
