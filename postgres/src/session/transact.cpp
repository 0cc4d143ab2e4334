#include "annals/postgres/transact.hpp"

#include <poll.h>

#include <optional>
#include <thread>

#include "annals/core/backoff.hpp"
#include "annals/postgres/error.hpp"

namespace annals::postgres {
namespace {

/// Whether an idle connection may be used again: open, and nothing came in meanwhile. What comes in unasked is nearly
/// always the server's farewell; a notice costs a new connection, which is cheaper than a failed transaction.
bool is_quiet(pqxx::connection& connection) {
  if (!connection.is_open()) return false;
  pollfd entry{.fd = connection.sock(), .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, 0) == 0;
}

/// Begins; false when the connection turns out to be dead and another is to be tried: nothing has run.
bool begin(std::optional<pqxx::work>& tx, pqxx::connection& connection, bool may_retry) {
  try {
    tx.emplace(connection);
    return true;
  } catch (const pqxx::broken_connection&) {
    if (!may_retry) throw;
    return false;
  }
}

/// One attempt; true when it should be made again.
bool attempt(PqxxPool& pool, const std::function<void(pqxx::work&)>& body, bool may_retry) {
  auto connection = pool.acquire();
  try {
    std::optional<pqxx::work> tx;
    if (!begin(tx, *connection, may_retry)) {
      connection.discard();
      return true;
    }
    body(*tx);
    commit(*tx);
    return false;
  } catch (const Error& error) {  // thrown by Annals inside the body
    if (error.kind() == ErrorKind::disconnected || error.kind() == ErrorKind::in_doubt) connection.discard();
    if (!may_retry || !is_overtaken(error)) throw;
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
  return std::make_unique<PqxxPool>([database = std::move(database)] { return open_pqxx(database); }, is_quiet,
                                    options);
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
