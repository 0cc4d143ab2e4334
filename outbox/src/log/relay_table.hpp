#pragma once
#include <string>
#include <string_view>

#include "annals/outbox/relay.hpp"
#include "annals/postgres/log_table.hpp"

namespace annals::outbox {

/// The table as the ordered tail reads it; both tables have the same columns in the same order (sql/*_rows.sql).
[[nodiscard]] postgres::LogTable log_table_of(RelayTable table, const std::string& schema);
/// Fills {schema}, {relation} and {id}, the column that identifies a row for good.
[[nodiscard]] std::string render_for(std::string_view sql, RelayTable table, const std::string& schema);
/// What a relay owns while it publishes.
[[nodiscard]] std::string lock_name_of(const std::string& schema, RelayTable table, std::string_view relay);

}  // namespace annals::outbox
