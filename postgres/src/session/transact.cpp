#include "annals/postgres/transact.hpp"

#include <thread>

#include "annals/core/backoff.hpp"
#include "annals/postgres/error.hpp"

namespace annals::postgres {
namespace {

/// One attempt; true when it should be made again.
bool attempt(PqxxPool& pool, const std::function<void(pqxx::work&)>& body, bool may_retry) {
  auto connection = pool.acquire();
  try {
    pqxx::work tx{*connection};
    body(tx);
    tx.commit();
    return false;
  } catch (const Error& error) {  // thrown by Annals inside the body
    if (error.kind() == ErrorKind::disconnected || error.kind() == ErrorKind::in_doubt) connection.discard();
    if (!may_retry || (error.sqlstate() != "40001" && error.sqlstate() != "40P01")) throw;
  } catch (const pqxx::serialization_failure&) {
    if (!may_retry) throw;
  } catch (const pqxx::deadlock_detected&) {
    if (!may_retry) throw;
  } catch (const pqxx::in_doubt_error&) {
    connection.discard();
    throw;
  } catch (const pqxx::broken_connection&) {
    connection.discard();
    throw;
  }
  return true;
}

}  // namespace

std::unique_ptr<PqxxPool> make_pqxx_pool(Database database, PqxxPool::Options options) {
  return std::make_unique<PqxxPool>([database = std::move(database)] { return open_pqxx(database); },
                                    [](pqxx::connection& connection) { return connection.is_open(); }, options);
}

namespace detail {

void run_transaction(PqxxPool& pool, const std::function<void(pqxx::work&)>& body, TransactOptions options) {
  Backoff backoff{{.initial = std::chrono::milliseconds{5}, .max = std::chrono::milliseconds{500}}};
  try {
    for (int made = 1; attempt(pool, body, made < options.attempts_max); ++made) {
      std::this_thread::sleep_for(backoff.next());
    }
  } catch (const pqxx::failure&) {
    rethrow_pqxx("transaction");
  }
}

}  // namespace detail
}  // namespace annals::postgres
