#include "annals/postgres/migrator.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/stable_hash.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {
namespace {

struct Applied {
  std::string name;
  std::int64_t checksum;
  int compatible_from;
};

/// Who owns what there is; no owner where there is nothing.
struct Owners {
  std::optional<std::string> schema;
  std::optional<std::string> list;
  std::string current_user;
  bool list_is_plain = true;
};

Owners owners_of(Connection& connection) {
  Owners owners;
  const auto row = connection.query(std::string{sql::schema_owners}, Params{}.text(connection.database().schema));
  if (row.empty()) return owners;
  owners.schema = row.text(0, 0);
  owners.current_user = row.text(0, 2);
  if (row.is_null(0, 1)) return owners;
  owners.list = row.text(0, 1);
  owners.list_is_plain = row.boolean(0, 3);
  return owners;
}

/// Neither the caller's input nor anything that waiting mends: the database is another's, or newer.
Error not_ours(std::string_view what, std::string_view hint) {
  return Error{ErrorKind::corrupt, what, {.hint = std::string{hint}}};
}

/// Before the list is read: a schema that a stranger prepared must not run the stranger's code as us.
void require_plain(const Owners& owners, const std::string& schema) {
  if (!owners.list || (owners.list_is_plain && owners.list == owners.schema)) return;
  throw not_ours(
      fmt::format("{0}.schema_migrations is not the plain table that Annals makes, or is owned by \"{1}\" while "
                  "schema \"{0}\" is owned by \"{2}\"",
                  schema, *owners.list, *owners.schema),
      fmt::format("find out who made it; `annals schema apply{}` makes another once it is dropped",
                  schema_option(schema)));
}

/// Before anything is written: the owner of a table has triggers on it run as whoever writes to it.
void require_owned(const Owners& owners, const std::string& schema) {
  require_plain(owners, schema);
  if (!owners.schema || owners.schema == owners.current_user) return;
  throw invalid(
      fmt::format("schema \"{}\" is owned by \"{}\", not by \"{}\"", schema, *owners.schema, owners.current_user),
      fmt::format("if you know it, apply as its owner; if not, a stranger made it first: look into it, then "
                  "DROP SCHEMA {} CASCADE",
                  schema));
}

std::map<int, Applied> steps_of(Connection& connection, const std::string& module) {
  std::map<int, Applied> steps;
  const auto rows = connection.query(render(sql::migrations_list, connection.database().schema), Params{}.text(module));
  for (int row = 0; row < rows.rows(); ++row) {
    steps.emplace(rows.integer(row, 0), Applied{rows.text(row, 1), rows.bigint(row, 2), rows.integer(row, 3)});
  }
  return steps;
}

/// A step that we do not know may stand there when it says that programs like us can go on.
void require_known(const MigrationSet& set, int number, const Applied& step, const std::string& schema) {
  if (step.compatible_from <= static_cast<int>(set.migrations.size())) return;
  throw not_ours(fmt::format("schema \"{}\" has step {} ({}) of {}, which this build does not know", schema, number,
                             step.name, set.module),
                 "upgrade this program: the database was prepared by a newer Annals");
}

void require_same_text(const MigrationSet& set, int number, const Applied& step, const std::string& schema) {
  if (stable_hash(set.migrations[static_cast<std::size_t>(number) - 1].sql) == step.checksum) return;
  throw Error{ErrorKind::corrupt,
              fmt::format("step {} ({}) of {} in schema \"{}\" is not the one this build carries", number, step.name,
                          set.module, schema),
              {.hint = "use the program that prepared the database, or restore its schema"}};
}

/// Throws when the database has steps that we cannot live with, knows ours by another text, or lacks one in between.
void require_compatible(const MigrationSet& set, const std::map<int, Applied>& applied, const std::string& schema) {
  int last = 0;
  for (const auto& [number, step] : applied) {
    if (number != ++last) {
      throw Error{
          ErrorKind::corrupt,
          fmt::format("{}.schema_migrations has step {} of {}, but not step {}", schema, number, set.module, last),
          {.hint = "restore the list: steps are applied in order, and rows of it never go"}};
    }
    if (static_cast<std::size_t>(number) > set.migrations.size()) {
      require_known(set, number, step, schema);
    } else {
      require_same_text(set, number, step, schema);
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
  connection.query(render(sql::migrations_record, schema), Params{}
                                                               .text(set.module)
                                                               .integer(migration.number)
                                                               .text(migration.name)
                                                               .bigint(stable_hash(migration.sql))
                                                               .integer(migration.compatible_from));
  transaction.commit();
}

void become(Connection& connection, const std::string& role) {
  if (role.empty()) return;
  try {
    connection.query("SELECT pg_catalog.set_config('role', $1::text, false)", Params{}.text(role));
  } catch (const Error& error) {
    constexpr std::string_view no_such_role = "22023";
    constexpr std::string_view not_a_member = "42501";
    if (error.sqlstate() != no_such_role && error.sqlstate() != not_a_member) throw;
    throw invalid(fmt::format("\"{}\" cannot own the schema: {}", printable(role), error.message()),
                  error.sqlstate() == no_such_role ? "create the role, or name another one"
                                                   : "let an administrator GRANT the role to this login");
  }
}

/// In one transaction, and looked at after it was made: nobody gets in between.
void make_list(Connection& connection) {
  const auto& schema = connection.database().schema;
  Transaction transaction{connection};
  const auto before = owners_of(connection);
  if (!before.schema) connection.execute(render(sql::schema_create, schema));
  require_owned(before, schema);
  if (!before.list) connection.execute(render(sql::migrations_create, schema));
  require_owned(owners_of(connection), schema);
  transaction.commit();
}

/// What of the sets is not applied; throws when the database is not one that we can work with.
std::vector<std::pair<const MigrationSet*, Migration>> to_do(Connection& connection,
                                                             const std::vector<MigrationSet>& sets) {
  const auto& schema = connection.database().schema;
  const bool has_list = owners_of(connection).list.has_value();
  std::vector<std::pair<const MigrationSet*, Migration>> steps;
  for (const auto& set : sets) {
    const auto applied = has_list ? steps_of(connection, set.module) : std::map<int, Applied>{};
    require_compatible(set, applied, schema);
    for (const auto& migration : missing(set, applied)) steps.emplace_back(&set, migration);
  }
  return steps;
}

/// It was not made yet, or its name is mistyped: whoever reads this knows which.
Error no_such_schema(Connection& connection) {
  const auto& schema = connection.database().schema;
  const auto rows = connection.query(std::string{sql::schemas_of_annals});
  std::string others;
  for (int row = 0; row < rows.rows(); ++row) {
    others += fmt::format("{}\"{}\"", others.empty() ? "" : ", ", printable(rows.text(row, 0)));
  }
  return Error{ErrorKind::not_ready,
               fmt::format("there is no schema \"{}\" in {}", schema, describe(connection.database())),
               {.hint = fmt::format("run `annals schema apply{}`{}", schema_option(schema),
                                    others.empty() ? "" : "; or correct the name: here Annals has " + others)}};
}

Migrator::Step step_of(const MigrationSet& set, const Migration& migration) {
  return {set.module, migration.number, std::string{migration.name}};
}

}  // namespace

Migrator::Migrator(Database database, std::vector<MigrationSet> sets, Options options)
    : database_(std::move(database)), sets_(std::move(sets)), options_(std::move(options)) {
  require_identifier("schema", database_.schema);
  for (const auto& set : sets_) {
    int last = 0;
    for (const auto& step : set.migrations) {
      ANNALS_ASSERT(step.number == ++last);
      ANNALS_ASSERT(step.compatible_from >= 1 && step.compatible_from <= step.number);
    }
  }
}

std::vector<Migrator::Step> Migrator::apply() {
  Connection connection{for_migration(database_, options_.lock_timeout)};
  become(connection, options_.owner_role);
  // One migrator at a time; the lock ends with this session.
  connection.query("SELECT pg_catalog.pg_advisory_lock($1::bigint)",
                   Params{}.bigint(stable_hash("annals:migrate:" + database_.schema)));
  make_list(connection);
  std::vector<Step> done;
  for (const auto& [set, migration] : to_do(connection, sets_)) {
    apply_step(connection, *set, migration);
    done.push_back(step_of(*set, migration));
  }
  return done;
}

std::vector<Migrator::Step> Migrator::plan() {
  Connection connection{database_};
  become(connection, options_.owner_role);
  require_owned(owners_of(connection), database_.schema);
  std::vector<Step> steps;
  for (const auto& [set, migration] : to_do(connection, sets_)) steps.push_back(step_of(*set, migration));
  return steps;
}

void Migrator::validate() {
  Connection connection{database_};
  for (const auto& set : sets_) require_schema(connection, set);
}

std::string Migrator::script() const {
  auto text = "BEGIN;\nSET LOCAL search_path = pg_catalog, pg_temp;\n" + render(sql::schema_create, database_.schema) +
              render(sql::migrations_create, database_.schema);
  for (const auto& set : sets_) {
    for (const auto& step : set.migrations) {
      text +=
          fmt::format("\n-- {} {:03} {}\n{}", set.module, step.number, step.name, render(step.sql, database_.schema));
      text += fmt::format(
          "\nINSERT INTO {}.schema_migrations (module, number, name, checksum, compatible_from)"
          " VALUES ('{}', {}, '{}', {}, {});\n",
          database_.schema, set.module, step.number, step.name, stable_hash(step.sql), step.compatible_from);
    }
  }
  return text + "COMMIT;\n";
}

void require_schema(Connection& connection, const MigrationSet& set) {
  const auto& schema = connection.database().schema;
  const auto owners = owners_of(connection);
  require_plain(owners, schema);
  const auto applied = owners.list ? steps_of(connection, set.module) : std::map<int, Applied>{};
  require_compatible(set, applied, schema);
  const auto steps = missing(set, applied);
  if (steps.empty()) return;
  if (!owners.schema) throw no_such_schema(connection);
  throw Error{ErrorKind::not_ready,
              fmt::format("schema \"{}\" in {} lacks step {} ({}) of {}", schema, describe(connection.database()),
                          steps.front().number, steps.front().name, set.module),
              {.hint = fmt::format("run `annals schema apply{}`", schema_option(schema))}};
}

}  // namespace annals::postgres
