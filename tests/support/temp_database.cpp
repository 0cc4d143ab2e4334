#include "support/temp_database.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

#include "annals/core/event_id.hpp"
#include "annals/eventstore/schema.hpp"
#include "annals/outbox/schema.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/migrator.hpp"
#include "annals/projections/schema.hpp"

namespace annals::tests {
namespace {

std::string unique_name() {
  auto name = "test_" + EventId::generate().to_string();
  for (auto& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

/// The server's URI with another database; script/stack gives "postgresql://user@/database?host=…".
std::string with_database(const std::string& uri, const std::string& database) {
  const auto authority = uri.find("://") + 3;
  const auto begin = uri.find('/', authority) + 1;
  const auto end = uri.find('?', begin);
  return uri.substr(0, begin) + database + (end == std::string::npos ? "" : uri.substr(end));
}

void roll_back_prepared(const postgres::Database& database) {
  postgres::Connection connection{database};
  const auto rows =
      connection.query("SELECT quote_literal(gid) FROM pg_prepared_xacts WHERE database = current_database()");
  for (int row = 0; row < rows.rows(); ++row) connection.execute("ROLLBACK PREPARED " + rows.text(row, 0));
}

}  // namespace

std::string required_env(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) {
    throw std::runtime_error{
        fmt::format("{} is not set: run the tests with script/test, or first `script/stack up --tcp && eval "
                    "\"$(script/stack env)\"`",
                    name)};
  }
  return value;
}

TempDatabase::TempDatabase(Schema schema) : TempDatabase(required_env("ANNALS_DATABASE"), schema) {}

TempDatabase::TempDatabase(const std::string& server_uri, Schema schema, const std::string& clauses)
    : server_uri_(server_uri), name_(unique_name()) {
  database_.conninfo = with_database(server_uri_, name_);
  postgres::Connection{{.conninfo = server_uri_}}.execute("CREATE DATABASE " + name_ + " " + clauses);
  if (schema == Schema::applied) {
    postgres::Migrator{database_, {eventstore::schema(), outbox::schema(), projections::schema()}}.apply();
  }
}

TempDatabase::~TempDatabase() {
  try {
    roll_back_prepared(database_);  // a failed test may leave some, and they would keep the database from being dropped
    postgres::Connection{{.conninfo = server_uri_}}.execute("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const std::exception& error) {
    fmt::print(stderr, "could not drop {}: {}\n", name_, error.what());
  }
}

}  // namespace annals::tests
