#pragma once
#include <string>

#include "annals/postgres/database.hpp"

namespace annals::tests {

/// A streaming replica of a whole cluster, beside it; stopped and removed at the end. May be promoted.
class Replica {
 public:
  explicit Replica(const std::string& primary_uri);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  /// The same database as `primary`, on the replica.
  [[nodiscard]] postgres::Database database(const postgres::Database& primary, const std::string& name) const;
  /// Waits until everything that the primary has written is replayed.
  void catch_up(const postgres::Database& primary) const;
  /// What the primary writes from now on never arrives.
  void cut_off() const;
  void promote() const;

 private:
  [[nodiscard]] postgres::Database maintenance() const;
  std::string directory_;
  std::string host_;
  std::string port_;
};

}  // namespace annals::tests
