#pragma once
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

struct ApplySchema {
  std::string owner;  ///< empty: the login
};
/// `annals schema apply`: brings the database to what this build needs; says what it did. Safe to repeat and to race.
host::ExitCode apply_schema(Invocation& invocation, const ApplySchema& options);
/// `annals schema validate`: ExitCode::check_failed and what differs, unless the database is as this build needs it.
host::ExitCode validate_schema(Invocation& invocation);

/// `annals schema print-sql`: the whole script; opens no database.
host::ExitCode print_schema_sql(Invocation& invocation);

}  // namespace annals::cli
