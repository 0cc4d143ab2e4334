#pragma once
#include "cli/invocation.hpp"
#include "roles/assignment.hpp"

namespace annals::cli {

/// `annals schema roles apply`: gives each role exactly the rights of the matrix; says what it changed. Without names, the
/// usual ones. Safe to repeat and to race.
host::ExitCode apply_roles(Invocation& invocation, const roles::Assignment& assignment);
/// `annals schema roles print-sql`: what apply would run, as one transaction; opens no database.
host::ExitCode print_roles_sql(Invocation& invocation, const roles::Assignment& assignment);

}  // namespace annals::cli
