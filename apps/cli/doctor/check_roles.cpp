#include <fmt/format.h>

#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals_cli_sql.hpp"
#include "cli/doctor/check.hpp"

namespace annals::cli {
namespace {

void check_programs(postgres::Connection& connection, Checks& checks) {
  const auto rows =
      connection.query(std::string{sql::doctor_roles}, postgres::Params{}.text(connection.database().schema));
  const auto before = checks.size();
  for (int row = 0; row < rows.rows(); ++row) {
    const bool superuser = rows.boolean(row, 1);
    if (!superuser && !rows.boolean(row, 2)) continue;
    checks.push_back({"program_roles", Level::warn,
                      fmt::format("role \"{}\" is connected and {}: nothing is forbidden to it",
                                  printable(rows.text(row, 0)), superuser ? "is a superuser" : "owns Annals' tables"),
                      "let programs connect as roles with the rights that `annals schema roles apply` gives"});
  }
  if (checks.size() == before) checks.push_back({"program_roles", Level::ok, "no connected role owns what it uses"});
}

void check_open_schemas(postgres::Connection& connection, Checks& checks) {
  const auto rows =
      connection.query(std::string{sql::doctor_open_schemas}, postgres::Params{}.text(connection.database().schema));
  for (int row = 0; row < rows.rows(); ++row) {
    const auto name = rows.text(row, 0);
    checks.push_back({"search_path", Level::warn,
                      fmt::format("everybody may create functions and tables in schema \"{}\"", printable(name)),
                      fmt::format("REVOKE CREATE ON SCHEMA {} FROM PUBLIC", quote_sql_identifier(name))});
  }
  if (rows.empty()) checks.push_back({"search_path", Level::ok, "PUBLIC may create nothing in it"});
}

}  // namespace

void check_roles(postgres::Connection& connection, Checks& checks) {
  check_programs(connection, checks);
  check_open_schemas(connection, checks);
}

}  // namespace annals::cli
