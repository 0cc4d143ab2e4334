#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals_cli_sql.hpp"
#include "cli/commands/schema_sets.hpp"
#include "cli/doctor/check.hpp"
#include "cli/doctor/table_names.hpp"

namespace annals::cli {
namespace {

postgres::Params tables_of(const postgres::Connection& connection, std::initializer_list<std::string_view> tables) {
  return postgres::Params{}.text_array(TableNames{connection.database().schema, tables}.views());
}

Check check_steps(postgres::Connection& connection) {
  const auto& schema = connection.database().schema;
  try {
    for (const auto& set : schema_sets()) postgres::require_schema(connection, set);
  } catch (const Error& error) {
    return {"schema", Level::fail, error.message(), error.hint()};
  }
  return {"schema", Level::ok, fmt::format("\"{}\" is as this program needs it", schema)};
}

Check check_trigger(const postgres::Result& rows, int row, const std::string& schema) {
  const std::string name{rows.text(row, 0)};
  const auto table = rows.text(row, 1);
  const auto refuses = rows.text(row, 2);
  const auto trigger = rows.text(row, 3);
  const auto state = rows.bytes(row, 4);
  if (state == "A") return {name, Level::ok, fmt::format("{} refuses {}, always", table, refuses)};
  if (state.empty()) {
    return {name, Level::fail, fmt::format("{} has no trigger that refuses {}", table, refuses),
            fmt::format("create it as `annals schema print-sql{}` shows; find out who dropped it",
                        postgres::schema_option(schema))};
  }
  return {name, Level::fail, fmt::format("trigger {} on {} can be bypassed", trigger, table),
          fmt::format("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}; find out who changed it", table,
                      quote_sql_identifier(trigger))};
}

void check_triggers(postgres::Connection& connection, Checks& checks) {
  const auto& schema = connection.database().schema;
  const auto rows = connection.query(std::string{sql::doctor_triggers}, postgres::Params{}.text(schema));
  for (int row = 0; row < rows.rows(); ++row) checks.push_back(check_trigger(rows, row, schema));
}

/// An append whose event somebody swallowed looks like one that lost a race, and leaves a gap in its stream.
void check_insert_hooks(postgres::Connection& connection, Checks& checks) {
  const auto rows =
      connection.query(std::string{sql::doctor_insert_hooks}, tables_of(connection, {"events", "outbox", "streams"}));
  for (int row = 0; row < rows.rows(); ++row) {
    checks.push_back({"insert_hooks", Level::warn,
                      fmt::format("{} {} runs before each INSERT into {}: what it drops is missing without a word, and "
                                  "the append is told of a version conflict",
                                  rows.text(row, 1), printable(rows.text(row, 2)), rows.text(row, 0)),
                      fmt::format("{}; unless it leaves every row as it is", rows.text(row, 3))});
  }
  if (rows.empty()) checks.push_back({"insert_hooks", Level::ok, "nothing stands between an INSERT and the logs"});
}

void check_sequences(postgres::Connection& connection, Checks& checks) {
  const auto rows = connection.query(std::string{sql::doctor_sequences}, tables_of(connection, {"events", "outbox"}));
  for (int row = 0; row < rows.rows(); ++row) {
    const auto table = rows.text(row, 0);
    if (rows.bigint(row, 1) == 1 && !rows.boolean(row, 2)) {
      checks.push_back({"sequence", Level::ok, fmt::format("positions of {} are drawn one by one", table)});
    } else {
      checks.push_back({"sequence", Level::fail,
                        fmt::format("the sequence of {} has CACHE {}{}: readers may skip rows", table,
                                    rows.bigint(row, 1), rows.boolean(row, 2) ? " and CYCLE" : ""),
                        fmt::format("ALTER TABLE {} ALTER COLUMN position SET CACHE 1 SET NO CYCLE", table)});
    }
  }
}

}  // namespace

bool check_schema(postgres::Connection& connection, Checks& checks) {
  checks.push_back(check_steps(connection));
  if (checks.back().level == Level::fail) return false;
  check_triggers(connection, checks);
  check_insert_hooks(connection, checks);
  check_sequences(connection, checks);
  return true;
}

}  // namespace annals::cli
