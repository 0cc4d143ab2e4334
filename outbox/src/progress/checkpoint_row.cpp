#include "progress/checkpoint_row.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;

RelayStatus checkpoint_of(const postgres::Result& rows, int row) {
  RelayStatus status;
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
  return status;
}

std::optional<RelayStatus> find_checkpoint(Connection& connection, const MessageLog& log, const std::string& relay) {
  const auto rows = connection.query(postgres::render(sql::relay_find, log), Params{}.text(relay).text(log.name));
  if (rows.empty()) return std::nullopt;
  return checkpoint_of(rows, 0);
}

void add_lag(Connection& connection, const MessageLog& log, RelayStatus& status) {
  const auto row = connection.query(postgres::render(sql::relay_lag, log), Params{}.bigint(status.position));
  status.lag_messages = row.bigint(0, 0);
  if (!row.is_null(0, 1)) status.oldest_age = std::chrono::milliseconds{row.bigint(0, 1)};
}

void require_no_owner(Connection& connection, const MessageLog& log, const std::string& relay,
                      postgres::Ownership& lock) {
  postgres::require_no_owner(connection, lock, lock_name_of(log, relay), fmt::format("relay \"{}\"", printable(relay)));
}

}  // namespace annals::outbox
