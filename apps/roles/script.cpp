// One transaction takes every right away from the roles that are named, and from PUBLIC, and gives back what the matrix
// has: whatever they had before, this is what they have afterwards, and nobody sees the state in between.
//
// Readers are people: they get views in a schema of its own and no USAGE on that of the log. PREPARE of an INSERT takes
// the table's lock before it looks at privileges, and keeps it to the end of the transaction; the log's readers wait for
// everybody who might still fill a hole. Who cannot name the table cannot do it. A view that is not updatable is refused
// before any lock on what is below it, and one over two FROM items never is.
//
// The views are made here, not by the steps of the schema: they are part of what readers may see, a database without
// readers has none, and no step depends on them. A step that changes a column that a view shows drops the view first
// (PostgreSQL insists); `annals schema roles apply` after `annals schema apply` makes it again.
#include "roles/script.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_roles_sql.hpp"
#include "roles/rights.hpp"

namespace annals::roles {
namespace {

using postgres::render;

constexpr std::size_t identifier_bytes_max = 63;

struct View {
  std::string_view name;
  std::string_view table;  ///< without it there is no such view
  std::string_view sql;
};

constexpr View views[] = {
    {"streams", "streams", sql::view_streams},
    {"events", "events", sql::view_events},
    {"outbox", "outbox", sql::view_outbox},
    {"relays", "relay_checkpoints", sql::view_relays},
    {"relay_decisions", "relay_decisions", sql::view_relay_decisions},
    {"relay_parked", "relay_parked", sql::view_relay_parked},
    {"projections", "projections", sql::view_projections},
    {"inbox_offsets", "inbox_offsets", sql::view_inbox_offsets},
};

std::string list(const std::vector<std::string>& roles) { return fmt::format("{}", fmt::join(roles, ", ")); }

std::string grants_on(std::string_view table, const Assignment& assignment, const std::string& schema) {
  std::string text;
  for (const auto& right : matrix()) {
    const auto roles = assignment.of(right.kind);
    if (right.table != table || roles.empty()) continue;
    text += render(table.ends_with(')') ? sql::grant_call : sql::grant,
                   {{"rights", right.rights}, {"schema", schema}, {"table", table}, {"roles", list(roles)}});
  }
  return text;
}

std::string usage(const Assignment& assignment, const std::string& schema) {
  auto text = render(sql::usage, {{"schema", schema}, {"roles", list(assignment.roles())}});
  std::vector<std::string> users;
  for (const auto& role : assignment.roles()) {
    const auto kinds = std::count_if(assignment.holders.begin(), assignment.holders.end(), [&](const Holder& holder) {
      return holder.role == role && holder.kind != Kind::reader;
    });
    if (kinds > 0) users.push_back(role);
  }
  if (!users.empty()) text += render(sql::use, {{"schema", schema}, {"roles", list(users)}});
  return text;
}

std::string revoke_and_grant(std::string_view statement, std::string_view table, const Assignment& assignment,
                             const std::string& schema) {
  return render(statement, {{"grants", grants_on(table, assignment, schema)},
                            {"schema", schema},
                            {"table", table},
                            {"roles", list(assignment.roles())}});
}

std::string views_for(const std::vector<std::string>& readers, const std::string& schema) {
  if (readers.empty()) return {};
  const auto views_schema = read_schema(schema);
  if (views_schema.size() > identifier_bytes_max) {
    throw invalid(fmt::format("\"{}\" is too long for a schema's name", views_schema),
                  "readers need a schema of a shorter name");
  }
  auto text = render(sql::read_schema, {{"views", views_schema}, {"roles", list(readers)}});
  for (const auto& view : views) {
    text += render(sql::view, {{"definition", render(view.sql, {{"schema", schema}, {"views", views_schema}})},
                               {"schema", schema},
                               {"table", view.table},
                               {"views", views_schema},
                               {"view", view.name},
                               {"roles", list(readers)}});
  }
  return text;
}

}  // namespace

std::string script(const Assignment& assignment, const std::string& schema) {
  require_identifier("schema", schema);
  assignment.require_valid();
  auto text = render(sql::begin, {{"schema", schema}});
  // Before the owner's role is taken on: it may not grant this.
  for (const auto& doctor : assignment.of(Kind::doctor)) text += render(sql::stats, {{"role", doctor}});
  if (!assignment.owner.empty()) text += render(sql::become, {{"role", assignment.owner}});
  text += usage(assignment, schema);
  for (const auto& table : tables()) text += revoke_and_grant(sql::table, table, assignment, schema);
  text += render(sql::partitions, {{"schema", schema}, {"roles", list(assignment.roles())}});
  for (const auto& sequence : sequences()) text += revoke_and_grant(sql::table, sequence, assignment, schema);
  for (const auto& function : functions()) text += revoke_and_grant(sql::function, function, assignment, schema);
  return text + views_for(assignment.of(Kind::reader), schema);
}

}  // namespace annals::roles
