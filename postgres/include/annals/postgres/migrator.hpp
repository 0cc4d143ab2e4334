#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "annals/postgres/database.hpp"

namespace annals::postgres {

class Connection;

/// One numbered step of a module's schema; `sql` is embedded at build time and never changes once released. It runs with
/// pg_catalog as the only search_path, so that nobody's functions get into its checks: a table outside of {schema} is
/// named with its schema, public too.
struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
  /// Programs that know the steps up to this one only may go on reading and writing once this step is applied: what a
  /// rolling upgrade needs. The default is this step itself: older programs are refused from then on.
  int compatible_from = number;
};

/// A module's steps, in order from 1.
struct MigrationSet {
  std::string module;
  std::vector<Migration> migrations;
};

/// Brings the schema to what this build of the libraries needs, forward only.
///
/// Lifecycle      construct -> apply(), plan() or validate(), any number of times.
/// Thread safety  none; many processes may apply() at once: one advisory lock serialises them.
/// Errors         Error{corrupt} when an applied step's text differs from ours; Error{not_ready} when the database is
///                behind this build (validate); Error{invalid} when it is ahead of it by a step that is not compatible,
///                and when the schema or its list of steps belongs to somebody else: what they put there would run with
///                our rights.
/// Limits         waits at most lock_timeout for locks on live tables, then stops with nothing half done: each step is one
///                transaction.
class Migrator {
 public:
  struct Options {
    std::chrono::milliseconds lock_timeout{5'000};
    /// The role that shall own the schema, when the login is not that role but may SET ROLE to it. Empty: the login.
    std::string owner_role = {};
  };
  struct Step {
    std::string module;
    int number;
    std::string name;
  };

  Migrator(Database database, std::vector<MigrationSet> sets)
      : Migrator(std::move(database), std::move(sets), Options{}) {}
  Migrator(Database database, std::vector<MigrationSet> sets, Options options);

  /// Applies what is missing; returns what was applied.
  std::vector<Step> apply();
  /// What apply() would do.
  [[nodiscard]] std::vector<Step> plan();
  /// Throws unless the database has our steps with our texts, and beyond them only steps that are compatible with us.
  void validate();
  /// Everything as one SQL script in one transaction, for a database administrator; needs no database.
  [[nodiscard]] std::string script() const;

 private:
  Database database_;
  std::vector<MigrationSet> sets_;
  Options options_;
};

/// Throws Error{not_ready} with the remedy unless the steps of `set` are applied, and Error{invalid} when newer ones are
/// that are not compatible with the last of `set`; cheap enough for the start of a program.
void require_schema(Connection& connection, const MigrationSet& set);

}  // namespace annals::postgres
