#pragma once
#include <mutex>
#include <string>
#include <unordered_map>

#include "annals/postgres/pqxx_compat.hpp"

namespace annals::postgres {

/// One statement that is prepared on first use in every session that callers bring along.
///
/// A caller's connection tells nothing about what was prepared in it, so each object uses a name of its own and remembers
/// the sessions by connection and backend pid.
///
/// Thread safety  exec() is thread-safe (each transaction belongs to one thread).
/// Limits         remembers at most sessions_max sessions, then forgets all: they prepare again under a new name.
class PreparedStatement {
 public:
  PreparedStatement(std::string_view label, std::string sql);

  pqxx::result exec(pqxx::transaction_base& tx, const PqxxParams& params) const;
  [[nodiscard]] const std::string& sql() const noexcept { return sql_; }

 private:
  static constexpr std::size_t sessions_max = 1024;
  [[nodiscard]] std::string name_in(pqxx::transaction_base& tx) const;

  std::string label_;
  std::string sql_;
  mutable std::mutex mutex_;
  struct Session {
    int backend_pid;
    std::string statement;
  };
  mutable std::unordered_map<const void*, Session> sessions_;
};

}  // namespace annals::postgres
