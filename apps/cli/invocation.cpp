#include "cli/invocation.hpp"

#include "annals/core/error.hpp"
#include "annals/eventstore/schema.hpp"
#include "cli/failure.hpp"

namespace annals::cli {

postgres::Connection connect_ready(const postgres::Database& database) {
  postgres::Connection connection{database};
  try {
    postgres::require_schema(connection, eventstore::schema());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid) throw;
    throw Failure{host::ExitCode::unavailable, error.message(), error.hint()};
  }
  return connection;
}

}  // namespace annals::cli
