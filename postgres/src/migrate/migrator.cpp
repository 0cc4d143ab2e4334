#include "annals/postgres/migrator.hpp"

#include <fmt/format.h>

#include <map>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"
#include "session/hash.hpp"

namespace annals::postgres {
namespace {

struct Applied {
  std::string name;
  std::int64_t checksum;
};

bool has_migrations_table(Connection& connection) {
  const auto relation = connection.database().schema + ".schema_migrations";
  return !connection.query("SELECT pg_catalog.to_regclass($1::text)::text", Params{}.text(relation)).is_null(0, 0);
}

std::map<int, Applied> applied_steps(Connection& connection, const std::string& module) {
  std::map<int, Applied> steps;
  if (!has_migrations_table(connection)) return steps;
  const auto rows = connection.query(render(sql::migrations_list, connection.database().schema), Params{}.text(module));
  for (int row = 0; row < rows.rows(); ++row) {
    steps.emplace(rows.integer(row, 0), Applied{rows.text(row, 1), rows.bigint(row, 2)});
  }
  return steps;
}

/// Throws when the database has steps that we do not know, or knows ours by another text.
void require_compatible(const MigrationSet& set, const std::map<int, Applied>& applied, const std::string& schema) {
  for (const auto& [number, step] : applied) {
    if (number < 1 || static_cast<std::size_t>(number) > set.migrations.size()) {
      throw invalid(fmt::format("schema \"{}\" has step {} ({}) of {}, which this build does not know", schema, number,
                                step.name, set.module),
                    "upgrade this program: the database was prepared by a newer Annals");
    }
    const auto& ours = set.migrations[static_cast<std::size_t>(number) - 1];
    if (stable_hash(ours.sql) != step.checksum) {
      throw Error{ErrorKind::corrupt,
                  fmt::format("step {} ({}) of {} in schema \"{}\" is not the one this build carries", number,
                              step.name, set.module, schema),
                  {.hint = "use the program that prepared the database, or restore its schema"}};
    }
  }
}

std::vector<Migration> missing(const MigrationSet& set, const std::map<int, Applied>& applied) {
  std::vector<Migration> steps;
  for (const auto& migration : set.migrations) {
    if (!applied.contains(migration.number)) steps.push_back(migration);
  }
  return steps;
}

Database for_migration(Database database, std::chrono::milliseconds lock_timeout) {
  database.statement_timeout = std::chrono::milliseconds{0};  // building an index may take long
  database.lock_timeout = lock_timeout;
  return database;
}

void apply_step(Connection& connection, const MigrationSet& set, const Migration& migration) {
  const auto& schema = connection.database().schema;
  Transaction transaction{connection};
  connection.execute(render(migration.sql, schema));
  connection.query(
      render(sql::migrations_record, schema),
      Params{}.text(set.module).integer(migration.number).text(migration.name).bigint(stable_hash(migration.sql)));
  transaction.commit();
}

}  // namespace

Migrator::Migrator(Database database, std::vector<MigrationSet> sets, Options options)
    : database_(std::move(database)), sets_(std::move(sets)), options_(options) {
  require_identifier("schema", database_.schema);
}

std::vector<Migrator::Step> Migrator::apply() {
  Connection connection{for_migration(database_, options_.lock_timeout)};
  // One migrator at a time; the lock ends with this session.
  connection.query("SELECT pg_catalog.pg_advisory_lock($1::bigint)",
                   Params{}.bigint(stable_hash("annals:migrate:" + database_.schema)));
  if (!has_migrations_table(connection)) connection.execute(render(sql::migrations_begin, database_.schema));
  std::vector<Step> done;
  for (const auto& set : sets_) {
    const auto applied = applied_steps(connection, set.module);
    require_compatible(set, applied, database_.schema);
    for (const auto& migration : missing(set, applied)) {
      apply_step(connection, set, migration);
      done.push_back({set.module, migration.number, std::string{migration.name}});
    }
  }
  return done;
}

std::vector<Migrator::Step> Migrator::plan() {
  Connection connection{database_};
  std::vector<Step> steps;
  for (const auto& set : sets_) {
    const auto applied = applied_steps(connection, set.module);
    require_compatible(set, applied, database_.schema);
    for (const auto& migration : missing(set, applied)) {
      steps.push_back({set.module, migration.number, std::string{migration.name}});
    }
  }
  return steps;
}

void Migrator::validate() {
  Connection connection{database_};
  for (const auto& set : sets_) require_schema(connection, set);
}

std::string Migrator::script() const {
  auto text = "SET search_path = pg_catalog, pg_temp;\n" + render(sql::migrations_begin, database_.schema);
  for (const auto& set : sets_) {
    for (const auto& migration : set.migrations) {
      text += fmt::format("\n-- {} {:03} {}\nBEGIN;\n{}", set.module, migration.number, migration.name,
                          render(migration.sql, database_.schema));
      text += fmt::format(
          "INSERT INTO {}.schema_migrations (module, number, name, checksum) VALUES ('{}', {}, '{}', {});\nCOMMIT;\n",
          database_.schema, set.module, migration.number, migration.name, stable_hash(migration.sql));
    }
  }
  return text;
}

void require_schema(Connection& connection, const MigrationSet& set) {
  const auto& schema = connection.database().schema;
  const auto applied = applied_steps(connection, set.module);
  require_compatible(set, applied, schema);
  const auto steps = missing(set, applied);
  if (steps.empty()) return;
  throw Error{ErrorKind::not_ready,
              fmt::format("schema \"{}\" in {} lacks step {} ({}) of {}", schema, describe(connection.database()),
                          steps.front().number, steps.front().name, set.module),
              {.hint = "run `annals schema apply`"}};
}

}  // namespace annals::postgres
