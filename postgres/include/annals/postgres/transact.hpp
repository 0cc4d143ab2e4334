#pragma once
#include <functional>
#include <memory>
#include <utility>

#include "annals/postgres/database.hpp"
#include "annals/postgres/pool.hpp"
#include "annals/postgres/pqxx_compat.hpp"

namespace annals::postgres {

using PqxxPool = Pool<pqxx::connection>;

/// A pool of libpqxx connections to `database`, for a service's own transactions.
[[nodiscard]] std::unique_ptr<PqxxPool> make_pqxx_pool(Database database, PqxxPool::Options options = {});

struct TransactOptions {
  /// For serialization failures, deadlocks (40001, 40P01) and a BEGIN that found the connection dead; each waits a jittered
  /// backoff.
  int attempts_max = 5;
};

/// Runs `work(tx)` in a transaction, commits, and returns what `work` returned.
///
/// Serialization failures and deadlocks run `work` again, so it must have no effects outside the transaction. A commit
/// whose outcome is unknown, or that a synchronous standby did not confirm, is never retried: Error{in_doubt}; read back before trying again. An exception from `work`
/// rolls back and passes through (libpqxx's as annals::Error).
template <class Work>
auto transact(PqxxPool& pool, Work&& work, TransactOptions options = {}) -> std::invoke_result_t<Work&, pqxx::work&>;

namespace detail {
/// The loop behind transact(), independent of the result's type.
void run_transaction(PqxxPool& pool, const std::function<void(pqxx::work&)>& body, TransactOptions options);
}  // namespace detail

template <class Work>
auto transact(PqxxPool& pool, Work&& work, TransactOptions options) -> std::invoke_result_t<Work&, pqxx::work&> {
  using Value = std::invoke_result_t<Work&, pqxx::work&>;
  if constexpr (std::is_void_v<Value>) {
    detail::run_transaction(
        pool, [&](pqxx::work& tx) { work(tx); }, options);
  } else {
    std::optional<Value> value;
    detail::run_transaction(
        pool, [&](pqxx::work& tx) { value.emplace(work(tx)); }, options);
    return std::move(*value);
  }
}

}  // namespace annals::postgres
