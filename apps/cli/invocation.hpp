#pragma once
#include "annals/postgres/connection.hpp"
#include "annals/postgres/database.hpp"
#include "cli/screen/output.hpp"
#include "cli/screen/report.hpp"
#include "host/process/exit_code.hpp"

namespace annals::cli {

/// What every command is given: where the database is, and how and where to print.
struct Invocation {
  postgres::Database database;
  Format format = Format::table;
  Output output;
};

/// A connection to a database that has the event store's tables; throws Failure{unavailable} when they are missing.
[[nodiscard]] postgres::Connection connect_ready(const postgres::Database& database);

}  // namespace annals::cli
