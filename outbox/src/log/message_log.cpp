#include "annals/outbox/message_log.hpp"

#include "annals/core/text.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {

postgres::MessageLog message_log(const std::string& schema) {
  require_identifier("schema", schema);
  return {.name = "outbox",
          .schema = schema,
          .relation = schema + ".outbox",
          .select = postgres::render(sql::outbox_rows, schema),
          .position = "o.position",
          .id = "message_id",
          .stream_names = {},
          .horizon = schema + ".outbox_horizon",
          .names_topics = true,
          .shard_hash = "coalesce(pg_catalog.hashtextextended(o.key, 0), pg_catalog.hashint8extended(o.position, 0))",
          .publication = schema + "_outbox",
          .emits = true,
          .columns = {.payload = "payload"}};
}

postgres::MessageLog change_log(const std::string& schema) {
  require_identifier("schema", schema);
  return {.name = "changes",
          .schema = schema,
          .relation = {},
          .select = {},
          .position = {},
          .id = {},
          .names_topics = true,
          .publication = schema + "_changes"};
}

}  // namespace annals::outbox
