#pragma once
#include <string>
#include <string_view>

#include "annals/postgres/database.hpp"
#include "annals/postgres/migrator.hpp"

namespace annals::tests {

/// A database of its own inside the test stack, with Annals' schema applied; dropped at the end, even when sessions are
/// still open. It belongs to annals_owner, and the stack's roles have what `annals schema roles apply` gives them. Reads
/// ANNALS_DATABASE (see script/stack) and throws when it is not set.
class TempDatabase {
 public:
  enum class Schema { applied, none };
  explicit TempDatabase(Schema schema = Schema::applied);
  /// In another cluster of script/stack than the test stack's, or with clauses of CREATE DATABASE.
  TempDatabase(std::string server_uri, Schema schema, const std::string& clauses = {});
  ~TempDatabase();
  TempDatabase(const TempDatabase&) = delete;
  TempDatabase& operator=(const TempDatabase&) = delete;

  /// What Schema::applied does, later; or for a schema of another name beside it.
  void prepare(const std::string& schema = "annals") const;
  /// A service's own tables in public, made by annals_owner: annals_service may read, write and empty them.
  void add_tables(const postgres::MigrationSet& own) const;

  /// As annals_service: what every kind of program may do, and tables of its own in public. Owns nothing of Annals. In a
  /// database with Schema::none it may make schemas.
  [[nodiscard]] postgres::Database database() const { return as("service"); }
  /// As the stack's role for one kind of program: "writer", "relay", "wal_relay", "projector", "consumer", "reader", "operator",
  /// "doctor"; or "migrator", which may take on annals_owner.
  [[nodiscard]] postgres::Database as(std::string_view role) const;
  [[nodiscard]] std::string uri(std::string_view role) const { return as(role).conninfo; }
  /// For what no program may do: to plant, to break, to look behind. What is under test connects so only by TCP, where no
  /// other role of the stack has a password.
  [[nodiscard]] const postgres::Database& superuser() const noexcept { return superuser_; }

 private:
  std::string server_uri_;
  std::string name_;
  postgres::Database superuser_;
};

/// The value of an environment variable that script/test sets; throws with the remedy when it is missing.
[[nodiscard]] std::string required_env(const char* name);

}  // namespace annals::tests
