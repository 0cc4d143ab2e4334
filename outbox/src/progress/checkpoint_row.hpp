#pragma once
#include <optional>
#include <string>

#include "annals/outbox/status.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/result.hpp"
#include "log/table_cursor.hpp"

namespace annals::outbox {

/// A row of relay_list.sql.
struct CheckpointRow {
  RelayStatus status;  ///< without lag and owner
  TableCursor cursor;  ///< what it says of the table
};
[[nodiscard]] CheckpointRow checkpoint_of(const postgres::Result& rows, int row);
[[nodiscard]] std::optional<CheckpointRow> find_checkpoint(postgres::Connection& connection,
                                                           const postgres::MessageLog& log, const std::string& relay);
void add_lag(postgres::Connection& connection, const postgres::MessageLog& log, CheckpointRow& row);
/// Takes the relay's lock, so that its checkpoint stands still. Throws Error{overloaded} naming the owner while it runs.
void require_no_owner(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& relay,
                      postgres::Ownership& lock);

}  // namespace annals::outbox
