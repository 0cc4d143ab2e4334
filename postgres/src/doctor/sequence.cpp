#include "annals/postgres/doctor/sequence.hpp"

#include <fmt/format.h>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {

std::optional<std::int64_t> last_given_out(Connection& connection, const std::string& sequence) {
  const auto allowed = connection.query(std::string{sql::sequence_may_ask}, Params{}.text(sequence));
  if (!allowed.boolean(0, 0)) return std::nullopt;
  return connection.query(render(sql::sequence_last, {{"sequence", sequence}})).bigint(0, 0);
}

std::string missing_right_remedy(const Connection& connection) {
  return fmt::format("give the role its rights with `annals schema roles apply{}`",
                     schema_option(connection.database().schema));
}

}  // namespace annals::postgres
