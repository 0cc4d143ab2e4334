#include "cli/commands/schema_roles.hpp"

#include <fmt/format.h>

#include <set>

#include "annals/core/text.hpp"
#include "roles/apply.hpp"
#include "roles/script.hpp"

namespace annals::cli {
namespace {

roles::Assignment or_usual(roles::Assignment assignment) {
  if (assignment.holders.empty()) assignment.holders = roles::usual_holders();
  return assignment;
}

void add_changes(Report& report, const std::vector<roles::HeldRight>& rights, const char* change) {
  for (const auto& held : rights) report.add({cell(change), cell(held.right), cell(held.object), cell(held.role)});
}

void say_what_is_left(const roles::Outcome& outcome, const std::string& schema) {
  if (outcome.granted.empty() && outcome.revoked.empty()) {
    fmt::print(stderr, "the roles have exactly their rights on schema \"{}\" already\n", schema);
  }
  for (const auto& role : outcome.blind_doctors) {
    fmt::print(
        stderr,
        "role \"{0}\" cannot see yet what other sessions do; as a superuser, too: GRANT pg_read_all_stats TO {0}\n",
        role);
  }
  std::set<std::string> others;
  for (const auto& held : outcome.of_others) others.insert(printable(held.role));
  for (const auto& role : others) fmt::print(stderr, "role \"{}\" was not named and keeps its rights\n", role);
}

}  // namespace

host::ExitCode apply_roles(Invocation& invocation, const roles::Assignment& assignment) {
  const auto outcome = roles::apply(invocation.database, or_usual(assignment));
  Report report{invocation.output, invocation.format, {{"change"}, {"right"}, {"on"}, {"role"}}};
  add_changes(report, outcome.revoked, "revoked");
  add_changes(report, outcome.granted, "granted");
  report.finish();
  say_what_is_left(outcome, invocation.database.schema);
  return host::ExitCode::ok;
}

host::ExitCode print_roles_sql(Invocation& invocation, const roles::Assignment& assignment) {
  print_sql(invocation.output, invocation.format,
            fmt::format("BEGIN;\n{}COMMIT;\n", roles::script(or_usual(assignment), invocation.database.schema)));
  return host::ExitCode::ok;
}

}  // namespace annals::cli
