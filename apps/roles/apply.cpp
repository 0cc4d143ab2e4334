#include "roles/apply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals_roles_sql.hpp"
#include "roles/script.hpp"

namespace annals::roles {
namespace {

using postgres::Connection;
using postgres::Params;

Params names(const std::vector<std::string>& roles) {
  const std::vector<std::optional<std::string_view>> values{roles.begin(), roles.end()};
  return Params{}.text_array(values);
}

/// Views made, and rights given, by anybody else would not be the owner's.
void require_owner(Connection& connection, const std::string& owner_role) {
  const auto& schema = connection.database().schema;
  const auto row = connection.query(std::string{sql::owner}, Params{}.text(schema).text(owner_role));
  if (row.is_null(0, 0)) {
    throw Error{ErrorKind::not_ready,
                fmt::format("there is no schema \"{}\"", schema),
                {.hint = fmt::format("run `annals schema apply{}`", postgres::schema_option(schema))}};
  }
  const auto owner = row.text(0, 0);
  const auto login = row.text(0, 1);
  if (owner != (owner_role.empty() ? login : owner_role)) {
    throw invalid(fmt::format("schema \"{}\" is owned by \"{}\", not by \"{}\"", schema, printable(owner),
                              owner_role.empty() ? login : owner_role),
                  fmt::format("if you know it, repeat with --owner {}", printable(owner)));
  }
  if (!row.boolean(0, 2)) {
    throw invalid(fmt::format("role \"{}\" may not take on role \"{}\"", login, owner),
                  fmt::format("log in as the owner, or as a role that was given it: GRANT {} TO {}", owner, login));
  }
}

/// Attributes with which a role does more than any table of rights says; columns of known.sql.
struct Attribute {
  int column;
  std::string_view word;
  std::string_view danger;
};

/// What a slot takes.
constexpr std::string_view replication = "REPLICATION";

constexpr Attribute attributes[] = {
    {4, "CREATEROLE",
     "before PostgreSQL 16 it may take on every role that is no superuser, the schema's owner among them"},
    {5, replication,
     "it may copy the whole cluster, and keep the server from removing WAL until its disk is full; only a wal-relay "
     "needs it"},
    {6, "BYPASSRLS", "no policy that somebody puts on a table holds for it"},
};

void require_no_attribute(const postgres::Result& rows, int row, const std::string& role,
                          const Assignment& assignment) {
  const auto miners = assignment.of(Kind::wal_relay);
  const bool may_replicate = std::find(miners.begin(), miners.end(), role) != miners.end();
  for (const auto& attribute : attributes) {
    if (!rows.boolean(row, attribute.column)) continue;
    if (attribute.word == replication && may_replicate) continue;
    throw invalid(fmt::format("role \"{}\" has {}: {}", role, attribute.word, attribute.danger),
                  fmt::format("ALTER ROLE {} NO{}, or name a role made for the program", role, attribute.word));
  }
}

void require_holdable(Connection& connection, const Assignment& assignment) {
  auto parameters = names(assignment.roles());
  const auto rows = connection.query(std::string{sql::known}, parameters.text(connection.database().schema));
  for (int row = 0; row < rows.rows(); ++row) {
    const auto role = rows.text(row, 0);
    if (!rows.boolean(row, 1)) {
      throw Error{ErrorKind::not_ready,
                  fmt::format("there is no role \"{}\"", role),
                  {.hint = fmt::format("make it: CREATE ROLE {} LOGIN", role)}};
    }
    if (rows.boolean(row, 2)) {
      throw invalid(fmt::format("role \"{}\" is a superuser: nothing can be kept from it", role),
                    fmt::format("ALTER ROLE {} NOSUPERUSER, or name a role made for the program", role));
    }
    if (rows.boolean(row, 3)) {
      throw invalid(fmt::format("role \"{}\" owns schema \"{}\" or may become its owner: nobody owns and serves", role,
                                connection.database().schema),
                    "name another role: one made for the program, which is no member of the owner");
    }
    require_no_attribute(rows, row, role, assignment);
  }
}

/// Rights that come by way of another role are not ours to take; with them a role has more than the matrix.
void require_no_other_way(Connection& connection, const Assignment& assignment) {
  auto parameters = names(assignment.roles());
  const auto& schema = connection.database().schema;
  const auto rows = connection.query(std::string{sql::groups}, parameters.text(schema).text(read_schema(schema)));
  if (rows.empty()) return;
  const auto role = rows.text(0, 0);
  const auto other = printable(rows.text(0, 1));
  throw invalid(fmt::format("role \"{}\" has rights beyond the matrix by way of role \"{}\"", role, other),
                rows.boolean(0, 2)
                    ? fmt::format("REVOKE \"{}\" FROM {}", other, role)
                    : fmt::format("it handed on what it was given; as the owner: REVOKE ALL ON ALL TABLES IN "
                                  "SCHEMA {} FROM \"{}\" CASCADE",
                                  schema, other));
}

std::vector<HeldRight> without(const std::vector<HeldRight>& all, const std::vector<HeldRight>& some) {
  std::vector<HeldRight> rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(rest));
  return rest;
}

std::vector<HeldRight> of_others(const std::vector<HeldRight>& all, const std::vector<std::string>& roles) {
  std::vector<HeldRight> others;
  std::copy_if(all.begin(), all.end(), std::back_inserter(others), [&](const HeldRight& right) {
    return std::find(roles.begin(), roles.end(), right.role) == roles.end();
  });
  return others;
}

std::vector<std::string> blind(Connection& connection, const std::vector<std::string>& doctors) {
  const auto rows = connection.query(std::string{sql::stats_missing}, names(doctors));
  std::vector<std::string> roles;
  roles.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) roles.push_back(rows.text(row, 0));
  return roles;
}

}  // namespace

Outcome apply(const postgres::Database& database, const Assignment& assignment) {
  const auto statements = script(assignment, database.schema);
  Connection connection{database};
  postgres::Transaction transaction{connection};
  require_owner(connection, assignment.owner);
  require_holdable(connection, assignment);
  const auto before = read_rights(connection);
  connection.execute(statements);
  require_no_other_way(connection, assignment);
  const auto after = read_rights(connection);
  auto doctors = blind(connection, assignment.of(Kind::doctor));
  transaction.commit();
  return {without(after, before), without(before, after), std::move(doctors), of_others(after, assignment.roles())};
}

}  // namespace annals::roles
