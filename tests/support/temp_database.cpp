#include "support/temp_database.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "annals/core/event_id.hpp"
#include "annals/eventstore/schema.hpp"
#include "annals/outbox/schema.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/migrator.hpp"
#include "annals/projections/schema.hpp"
#include "roles/apply.hpp"

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

/// The same URI for another role, which the stack lets in without a password: by its socket.
std::string with_role(std::string uri, std::string_view role) {
  constexpr std::string_view mark = "user=annals";
  const auto at = uri.find(mark);
  if (at == std::string::npos || (at + mark.size() < uri.size() && uri[at + mark.size()] != '&')) {
    throw std::runtime_error{"this is no URI of script/stack for role annals by its socket: only that has other roles"};
  }
  return uri.replace(at + std::string_view{"user="}.size(), std::string_view{"annals"}.size(),
                     fmt::format("annals_{}", role));
}

roles::Assignment assignment() {
  using roles::Kind;
  roles::Assignment roles{.owner = "annals_owner", .holders = roles::usual_holders()};
  roles.holders.push_back({Kind::wal_relay, "annals_wal_relay"});
  for (const auto kind :
       {Kind::writer, Kind::outbox_relay, Kind::events_relay, Kind::projector, Kind::consumer, Kind::operate}) {
    roles.holders.push_back({kind, "annals_service"});
  }
  return roles;
}

void roll_back_prepared(const postgres::Database& database) {
  postgres::Connection connection{database};
  const auto rows =
      connection.query("SELECT quote_literal(gid) FROM pg_prepared_xacts WHERE database = current_database()");
  for (int row = 0; row < rows.rows(); ++row) connection.execute("ROLLBACK PREPARED " + rows.text(row, 0));
}

/// A slot outlives its reader, and its database cannot be dropped while there is one in use.
void drop_slots(const postgres::Database& database) {
  postgres::Connection connection{database};
  const std::string slots = " FROM pg_replication_slots WHERE database = current_database()";
  for (int look = 0; look < 500; ++look) {
    (void)connection.query("SELECT pg_terminate_backend(active_pid)" + slots + " AND active");
    (void)connection.query("SELECT pg_drop_replication_slot(slot_name)" + slots + " AND NOT active");
    if (connection.query("SELECT 1" + slots).empty()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
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

TempDatabase::TempDatabase(std::string server_uri, Schema schema, const std::string& clauses)
    : server_uri_(std::move(server_uri)), name_(unique_name()) {
  superuser_.conninfo = with_database(server_uri_, name_);
  postgres::Connection{{.conninfo = server_uri_}}.execute(
      fmt::format("CREATE DATABASE {} OWNER annals_owner {}", name_, clauses));
  // Tables of its own; in a database without Annals also what a test puts in Annals' place.
  postgres::Connection{superuser_}.execute(schema == Schema::applied
                                               ? "GRANT CREATE ON SCHEMA public TO annals_service"
                                               : fmt::format("GRANT CREATE ON SCHEMA public TO annals_service; "
                                                             "GRANT CREATE ON DATABASE {} TO annals_service",
                                                             name_));
  if (schema == Schema::applied) prepare();
}

void TempDatabase::prepare(const std::string& schema) const {
  auto database = superuser_;
  database.schema = schema;
  const std::vector sets{eventstore::schema(), outbox::schema(), projections::schema()};
  postgres::Migrator{database, sets, {.owner_role = "annals_owner"}}.apply();
  (void)roles::apply(database, assignment());
}

void TempDatabase::add_tables(const postgres::MigrationSet& own) const {
  postgres::Migrator{superuser_, {own}, {.owner_role = "annals_owner"}}.apply();
  postgres::Connection{superuser_}.execute(
      "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA public TO annals_service");
}

postgres::Database TempDatabase::as(std::string_view role) const {
  auto database = superuser_;
  database.conninfo = with_role(database.conninfo, role);
  return database;
}

TempDatabase::~TempDatabase() {
  try {
    // A failed test may leave some, and they would keep the database from being dropped.
    roll_back_prepared(superuser_);
    drop_slots(superuser_);
    postgres::Connection{{.conninfo = server_uri_}}.execute("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const std::exception& error) {
    fmt::print(stderr, "could not drop {}: {}\n", name_, error.what());
  }
}

}  // namespace annals::tests
