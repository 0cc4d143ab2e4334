#include "progress/checkpoint_row.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;

namespace {

/// A text that is no cursor is the relay's matter, which says so when it starts: here the place is enough.
TableCursor cursor_of(const RelayStatus& status, std::string text) {
  try {
    if (!text.empty()) return table_cursor_of(Cursor{std::move(text)});
  } catch (const Error&) {
  }
  return {.cluster = {.system_identifier = status.system_identifier, .timeline = status.timeline},
          .published = Progress{{status.position, status.message_id.value_or(EventId{})}}};
}

}  // namespace

CheckpointRow checkpoint_of(const postgres::Result& rows, int row) {
  CheckpointRow out;
  auto& status = out.status;
  status.relay = rows.text(row, 0);
  status.log = rows.text(row, 1);
  status.position = rows.bigint(row, 2);
  if (!rows.is_null(row, 3)) status.message_id = rows.uuid(row, 3);
  status.system_identifier = rows.text(row, 4);
  status.timeline = rows.text(row, 5);
  status.updated_at = rows.timestamptz(row, 6);
  status.exactly_once = rows.boolean(row, 7);
  status.parked = rows.bigint(row, 8);
  status.dead_letters = rows.bigint(row, 9);
  status.epoch = rows.bigint(row, 10);
  status.retired = rows.boolean(row, 11);
  status.instance = rows.text(row, 12);
  out.cursor = cursor_of(status, rows.is_null(row, 13) ? std::string{} : rows.text(row, 13));
  return out;
}

std::optional<CheckpointRow> find_checkpoint(Connection& connection, const MessageLog& log, const std::string& relay) {
  const auto rows = connection.query(postgres::render(sql::relay_list, log), Params{}.text(log.name).text(relay));
  if (rows.empty()) return std::nullopt;
  return checkpoint_of(rows, 0);
}

/// What is published above a hole is no lag.
void add_lag(Connection& connection, const MessageLog& log, CheckpointRow& row) {
  if (log.relation.empty()) return;  // nobody has counted what is in the write-ahead log
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> last;
  for (const auto& hole : row.cursor.published.holes_and_rest()) {
    first.push_back(hole.first);
    last.push_back(hole.last);
  }
  const auto lag =
      connection.query(postgres::render(sql::relay_lag, log), Params{}.bigint_array(first).bigint_array(last));
  row.status.lag_messages = lag.bigint(0, 0);
  if (!lag.is_null(0, 1)) row.status.oldest_age = std::chrono::milliseconds{lag.bigint(0, 1)};
}

void require_no_owner(Connection& connection, const MessageLog& log, const std::string& relay,
                      postgres::Ownership& lock) {
  postgres::require_no_owner(connection, lock, lock_name_of(log, relay), fmt::format("relay \"{}\"", printable(relay)));
}

}  // namespace annals::outbox
