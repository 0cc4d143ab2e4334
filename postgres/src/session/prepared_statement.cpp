#include "annals/postgres/prepared_statement.hpp"

#include <fmt/format.h>

#include <atomic>

#include "annals_postgres_sql.hpp"

namespace annals::postgres {
namespace {

/// Names are unique in the process, hence in every session: no two objects ever prepare the same name.
std::string unique_name(const std::string& label) {
  static std::atomic<unsigned> next{0};
  return fmt::format("annals_{}_{}", label, next.fetch_add(1));
}

}  // namespace

PreparedStatement::PreparedStatement(std::string_view label, std::string sql, std::size_t sessions_max)
    : name_(unique_name(std::string{label})), sql_(std::move(sql)), sessions_max_(sessions_max) {}

void PreparedStatement::prepare_in(pqxx::transaction_base& tx) const {
  const void* connection = &tx.conn();
  const int pid = backend_pid(tx);
  {
    const std::lock_guard lock{mutex_};
    const auto known = sessions_.find(connection);
    if (known != sessions_.end() && known->second == pid) return;
  }
  if (exec_params(tx, std::string{sql::prepared_statement}, PqxxParams{}.text(name_)).empty()) prepare(tx, name_, sql_);
  const std::lock_guard lock{mutex_};
  if (sessions_.size() >= sessions_max_) sessions_.clear();
  sessions_[connection] = pid;
}

pqxx::result PreparedStatement::exec(pqxx::transaction_base& tx, const PqxxParams& params) const {
  prepare_in(tx);
  return exec_prepared(tx, name_, params);
}

}  // namespace annals::postgres
