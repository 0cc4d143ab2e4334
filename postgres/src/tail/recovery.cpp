#include "annals/postgres/tail/recovery.hpp"

#include "annals/postgres/connection.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {

bool in_recovery(Connection& connection) { return connection.query(std::string{sql::in_recovery}).boolean(0, 0); }

}  // namespace annals::postgres
