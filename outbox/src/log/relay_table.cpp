#include "log/relay_table.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"

namespace annals::outbox {

std::string_view to_string(RelayTable table) noexcept { return table == RelayTable::outbox ? "outbox" : "events"; }

std::optional<RelayTable> parse_relay_table(std::string_view text) noexcept {
  for (const auto table : {RelayTable::outbox, RelayTable::events}) {
    if (text == to_string(table)) return table;
  }
  return std::nullopt;
}

postgres::LogTable log_table_of(RelayTable table, const std::string& schema) {
  const bool outbox = table == RelayTable::outbox;
  return postgres::log_table(fmt::format("{}.{}", schema, to_string(table)),
                             postgres::render(outbox ? sql::outbox_rows : sql::events_rows, schema),
                             outbox ? "o.position" : "e.position");
}

std::string render_for(std::string_view sql, RelayTable table, const std::string& schema) {
  require_identifier("schema", schema);
  return postgres::render(sql, {{"schema", schema},
                                {"relation", fmt::format("{}.{}", schema, to_string(table))},
                                {"id", table == RelayTable::outbox ? "message_id" : "event_id"}});
}

std::string lock_name_of(const std::string& schema, RelayTable table, std::string_view relay) {
  return postgres::ownership_name({"relay", schema, to_string(table), relay});
}

}  // namespace annals::outbox
