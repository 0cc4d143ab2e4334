#pragma once
#include <mutex>
#include <string>
#include <unordered_map>

#include "annals/postgres/pqxx_compat.hpp"

namespace annals::postgres {

/// One statement that is prepared on first use in every session that callers bring along.
///
/// A caller's connection tells nothing about what was prepared in it, so each object uses a name of its own, remembers the
/// sessions by connection and backend pid, and asks one that it does not know.
///
/// Thread safety  exec() is thread-safe (each transaction belongs to one thread).
/// Limits         remembers at most sessions_max sessions, then forgets all and asks each again, one round trip.
class PreparedStatement {
 public:
  PreparedStatement(std::string_view label, std::string sql, std::size_t sessions_max = 1024);

  pqxx::result exec(pqxx::transaction_base& tx, const PqxxParams& params) const;
  [[nodiscard]] const std::string& sql() const noexcept { return sql_; }

 private:
  void prepare_in(pqxx::transaction_base& tx) const;

  std::string name_;
  std::string sql_;
  std::size_t sessions_max_;
  mutable std::mutex mutex_;
  mutable std::unordered_map<const void*, int> sessions_;  // backend pid, by connection
};

}  // namespace annals::postgres
