#pragma once
#include <gtest/gtest.h>

#include <string>

#include "annals/postgres/connection.hpp"
#include "support/output_of.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

/// For a fixture's constructor or SetUp: what it needs of the server or of the machine is not there, and it says so.

/// Rows in the log, as a relay reads them.
inline void skip_unless_mined(const TempDatabase& database) {
  if (postgres::Connection{database.superuser()}.server_version() >= 14'00'00) return;
  GTEST_SKIP() << "the log of PostgreSQL 13 gives no rows as a relay reads them";
}

/// A pg_dump that is not older than the server.
inline void skip_unless_dumped(const TempDatabase& database) {
  const auto says = output_of("pg_dump --version");  // pg_dump (PostgreSQL) 15.4
  const auto major = std::stoi(says.substr(says.find(')') + 1));
  if (postgres::Connection{database.superuser()}.server_version() / 10'000 <= major) return;
  GTEST_SKIP() << "this machine's pg_dump is older than the server: " << says;
}

}  // namespace annals::tests
