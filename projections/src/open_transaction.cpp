#include "open_transaction.hpp"

#include <libpq-fe.h>

#include <pqxx/largeobject>

#include "annals/core/error.hpp"
#include "annals/postgres/pqxx_compat.hpp"

namespace annals::projections {

#if ANNALS_PQXX_VERSION < 700
namespace {

/// Reaches the libpq connection under a transaction, as libpqxx's own large objects do.
struct Raw : pqxx::largeobject {
  using pqxx::largeobject::raw_connection;
};

}  // namespace

void require_open(const pqxx::transaction_base& tx) {
  const auto* transaction = dynamic_cast<const pqxx::dbtransaction*>(&tx);
  if (transaction == nullptr || PQtransactionStatus(Raw::raw_connection(*transaction)) != PQTRANS_IDLE) return;
  throw Error{ErrorKind::failed,
              "the transaction was ended by a handler, or by a statement whose failure it swallowed",
              {.hint = "let SQL errors out of handlers; to try a statement use a pqxx::subtransaction"}};
}
#else
void require_open(const pqxx::transaction_base&) {}
#endif

}  // namespace annals::projections
