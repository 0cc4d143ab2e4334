// A table that is not ours, read as an outbox.
//
// Nothing is added to how the relay reads: the tail, the way around open transactions, checkpoints, shards and poison work on a position,
// an id and a row (MessageLog). What holds of our own table by its making must hold of this one, too, and is looked at before
// anything is read (own_check.cpp):
//
//   O1  A position is drawn from a sequence by the INSERT itself, after it has locked the table (horizon_prover.cpp, (a)). So no
//       transaction can hold a position that nobody sees it may still write. GENERATED ALWAYS is how PostgreSQL promises that: with a
//       default, a program may draw a number first (as Hibernate's sequences do, 50 at a time) and insert it minutes later, below what has
//       been published. OVERRIDING SYSTEM VALUE, and COPY with the column, are left to whoever uses them.
//   O2  Positions are drawn in increasing order, each once: CACHE 1 (a session that has numbers in stock uses them late), INCREMENT BY 1,
//       NO CYCLE, from 1.
//   O3  A lock on the table is a lock on what the statement writes to: no partitions and no children, into which one may insert past the
//       parent.
//   O4  The relay sees every row: SELECT, and no row security.
//   O5  A row that was committed is there until it is published. A service that deletes it sooner loses it: Debezium reads deleted rows from
//       the write-ahead log, a reader of the table cannot. The trigger annals_keep refuses such a DELETE. The last row that was
//       published stays, too: by it a relay that starts recognises its history.
//
// Expressions come from the operator's file, and are evaluated with the relay's rights. They are put into statements between parentheses
// (expression.cpp), inside of a CASE, where PostgreSQL allows no set-returning function: one row of the table is one message. What a row
// holds cannot make the statement fail: types are told apart by pg_typeof, and whatever has no sensible value becomes NULL or empty, so
// that it is refused alone, as poison. (An expression of the operator's own that fails on a row, such as a cast, holds the relay up, and
// the error names it.)
#include "relay/own/own_outbox.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_relay_own_sql.hpp"
#include "relay/own/expression.hpp"

namespace annals::relayd {
namespace {

/// As checkpoints keep it.
constexpr std::size_t log_name_bytes_max = 63;

void require_name(std::string_view what, std::string_view name) {
  require_text(what, name, log_name_bytes_max);
  if (name.find_first_of("\".{}\\\n\r\t,") == std::string_view::npos) return;
  throw invalid(fmt::format("{} \"{}\" has a character that no such name has here", what, printable(name)),
                "give it without quotes, as the catalog has it");
}

std::string or_null(const std::string& expression) { return expression.empty() ? "NULL" : expression; }

std::string rows_of(const OwnOutbox& own) {
  return postgres::render(relay_own::sql::own_rows,
                          {{"name", quote_sql(own.table)},
                           {"content_type", std::to_string(static_cast<int>(own.content_type))},
                           {"position", quote_sql_identifier(own.position)},
                           {"id", or_null(own.id)},
                           {"topic", or_null(own.topic)},
                           {"key", or_null(own.key)},
                           {"type", or_null(own.type)},
                           {"payload", or_null(own.payload)},
                           {"time", or_null(own.time)},
                           {"traceparent", or_null(own.traceparent)},
                           {"tracestate", or_null(own.tracestate)},
                           {"headers", or_null(own.headers)},
                           {"table", relation_of(own)}});
}

}  // namespace

OwnOutbox debezium_layout() {
  return {.table = {},
          .id = "id",
          .topic = "'outbox.event.' || aggregatetype",
          .key = "aggregateid",
          .type = "type",
          .payload = "payload",
          .headers = {},
          .time = {},
          .traceparent = {},
          .tracestate = {},
          .content_type = ContentType::json};
}

void require_valid(const OwnOutbox& own) {
  const auto dot = own.table.find('.');
  if (dot == std::string::npos) {
    throw invalid(fmt::format("own_outbox.table is \"{}\"", printable(own.table)),
                  "give schema.table, also for public");
  }
  require_name("own_outbox.table", std::string_view{own.table}.substr(0, dot));
  require_name("own_outbox.table", std::string_view{own.table}.substr(dot + 1));
  require_text("own_outbox.table", own.table, log_name_bytes_max);
  require_name("own_outbox.position", own.position);
  for (const auto& [name, member] : own_expressions) {
    const auto what = fmt::format("own_outbox.{} of {}", name, own.table);
    if (!(own.*member).empty()) require_expression(what, own.*member);
    if ((own.*member).empty() && (name == "topic" || name == "type" || name == "payload")) {
      throw invalid(fmt::format("{} is missing", what), "name a column, or a constant such as \"'orders'\"");
    }
  }
}

std::string relation_of(const OwnOutbox& own) {
  const auto dot = own.table.find('.');
  return quote_sql_identifier(own.table.substr(0, dot)) + "." + quote_sql_identifier(own.table.substr(dot + 1));
}

postgres::MessageLog message_log(const std::string& schema, const OwnOutbox& own) {
  require_identifier("schema", schema);
  require_valid(own);
  auto rows = rows_of(own);
  auto select = postgres::render(relay_own::sql::own_select, {{"rows", rows}});
  return {.name = own.table,
          .schema = schema,
          .relation = relation_of(own),
          .select = std::move(select),
          .position = "o.position",
          .id = "message_id",
          .stream_names = {},
          .horizon = {},
          .names_topics = true,
          .shard_hash = "coalesce(pg_catalog.hashtextextended(o.key, 0), pg_catalog.hashint8extended(o.position, 0))",
          .rows = std::move(rows),
          .publication = {}};
}

}  // namespace annals::relayd
