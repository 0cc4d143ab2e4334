#include "annals/postgres/replication/lsn.hpp"

#include <fmt/format.h>

#include "annals/postgres/connection.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {

std::string to_string(Lsn lsn) { return fmt::format("{:X}/{:X}", lsn.value >> 32U, lsn.value & 0xFFFFFFFFU); }

Lsn log_written(Connection& connection) {
  const auto row = connection.query_prepared("annals_log_written", std::string{sql::log_written});
  return {static_cast<std::uint64_t>(row.bigint(0, 0))};
}

}  // namespace annals::postgres
