#include "annals/postgres/cluster_identity.hpp"

#include "annals/postgres/connection.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {

ClusterIdentity read_cluster_identity(Connection& connection) {
  const auto result = connection.query(std::string{sql::cluster_identity});
  return {result.text(0, 0), result.text(0, 1)};
}

}  // namespace annals::postgres
