#include "annals/postgres/prepared_statement.hpp"

#include <fmt/format.h>

#include <atomic>

namespace annals::postgres {
namespace {

/// Names are unique in the process, hence in every session: no two objects ever prepare the same name.
std::string unique_name(const std::string& label) {
  static std::atomic<unsigned> next{0};
  return fmt::format("annals_{}_{}", label, next.fetch_add(1));
}

}  // namespace

PreparedStatement::PreparedStatement(std::string_view label, std::string sql) : label_(label), sql_(std::move(sql)) {}

std::string PreparedStatement::name_in(pqxx::transaction_base& tx) const {
  const void* connection = &tx.conn();
  const int pid = backend_pid(tx);
  {
    const std::lock_guard lock{mutex_};
    const auto known = sessions_.find(connection);
    if (known != sessions_.end() && known->second.backend_pid == pid) return known->second.statement;
  }
  auto name = unique_name(label_);
  prepare(tx, name, sql_);
  const std::lock_guard lock{mutex_};
  if (sessions_.size() >= sessions_max) sessions_.clear();
  sessions_[connection] = {pid, name};
  return name;
}

pqxx::result PreparedStatement::exec(pqxx::transaction_base& tx, const PqxxParams& params) const {
  return exec_prepared(tx, name_in(tx), params);
}

}  // namespace annals::postgres
