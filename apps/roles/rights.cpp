#include "roles/rights.hpp"

#include <algorithm>

#include "annals_roles_sql.hpp"

namespace annals::roles {

std::string read_schema(const std::string& schema) { return schema + "_read"; }

std::vector<HeldRight> read_rights(postgres::Connection& connection) {
  const auto& schema = connection.database().schema;
  const auto rows =
      connection.query(std::string{sql::rights}, postgres::Params{}.text(schema).text(read_schema(schema)));
  std::vector<HeldRight> rights;
  rights.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) {
    rights.push_back({rows.text(row, 0), rows.text(row, 1), rows.text(row, 2)});
  }
  std::sort(rights.begin(), rights.end());
  rights.erase(std::unique(rights.begin(), rights.end()), rights.end());  // given twice, by two roles
  return rights;
}

}  // namespace annals::roles
