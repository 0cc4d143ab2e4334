#pragma once
#include <string>

#include "annals/postgres/database.hpp"

namespace annals::tests {

/// A database of its own inside the test stack, with Annals' schema applied; dropped at the end, even when sessions are
/// still open. Reads ANNALS_DATABASE (see script/stack) and throws when it is not set.
class TempDatabase {
 public:
  enum class Schema { applied, none };
  explicit TempDatabase(Schema schema = Schema::applied);
  /// In another cluster than the test stack's, or with clauses of CREATE DATABASE.
  TempDatabase(const std::string& server_uri, Schema schema, const std::string& clauses = {});
  ~TempDatabase();
  TempDatabase(const TempDatabase&) = delete;
  TempDatabase& operator=(const TempDatabase&) = delete;

  [[nodiscard]] const postgres::Database& database() const noexcept { return database_; }
  [[nodiscard]] const std::string& uri() const noexcept { return database_.conninfo; }

 private:
  std::string server_uri_;
  std::string name_;
  postgres::Database database_;
};

/// The value of an environment variable that script/test sets; throws with the remedy when it is missing.
[[nodiscard]] std::string required_env(const char* name);

}  // namespace annals::tests
