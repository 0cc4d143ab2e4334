#pragma once
#include <optional>
#include <string>

#include "cli/invocation.hpp"

namespace annals::cli {

struct SchemaApply {
  std::string owner;  ///< the role that shall own the schema, when the login may SET ROLE to it; empty: the login
};
/// `annals schema apply`: brings the database to what this build needs; says what it did. Safe to repeat and to race.
host::ExitCode apply_schema(Invocation& invocation, const SchemaApply& options);
/// `annals schema validate`: ExitCode::check_failed and what differs, unless the database is as this build needs it.
host::ExitCode validate_schema(Invocation& invocation);

struct SchemaRoles {
  std::optional<std::string> writer;
  std::optional<std::string> relay;
  std::optional<std::string> projector;
  std::optional<std::string> reader;
};

struct PrintSql {
  bool roles = false;
  SchemaRoles role_names;
};
/// `annals schema print-sql`: the whole script, or with `roles` the GRANT statements; opens no database.
host::ExitCode print_schema_sql(Invocation& invocation, const PrintSql& options);

/// The GRANT statements for the roles that are named. Throws annals::Error unless the names are plain identifiers.
[[nodiscard]] std::string grants(const SchemaRoles& roles, const std::string& schema);

}  // namespace annals::cli
