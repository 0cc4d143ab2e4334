// What each role needs and no more; tests/apps/cli runs every component under its role.
#include <fmt/format.h>

#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_cli_sql.hpp"
#include "cli/commands/schema.hpp"

namespace annals::cli {
namespace {

void append_grants(std::string& script, std::string_view sql, std::string_view what,
                   const std::optional<std::string>& role, const std::string& schema) {
  if (!role) return;
  require_identifier(what, *role);
  // Words that GRANT takes for others than a role of that name.
  for (const auto* word : {"public", "current_user", "current_role", "session_user", "user", "none"}) {
    if (*role == word)
      throw invalid(fmt::format("{} is \"{}\", which is no role", what, word), "make a role for each program");
  }
  script += postgres::render(sql, {{"schema", schema}, {"role", *role}});
}

}  // namespace

std::string grants(const SchemaRoles& roles, const std::string& schema) {
  require_identifier("schema", schema);
  std::string script;
  append_grants(script, sql::grant_writer, "writer role", roles.writer, schema);
  append_grants(script, sql::grant_relay, "relay role", roles.relay, schema);
  append_grants(script, sql::grant_projector, "projector role", roles.projector, schema);
  append_grants(script, sql::grant_reader, "reader role", roles.reader, schema);
  return script;
}

}  // namespace annals::cli
