#pragma once

namespace pqxx {
class transaction_base;
}

namespace annals::projections {

/// Throws unless the transaction that a handler was given still runs.
///
/// libpqxx 6 rolls a transaction back at once when a plain exec() fails. It refuses the next exec(), but statements
/// with parameters go through, outside any transaction: had a handler swallowed that exception, the checkpoint would
/// move without the batch. Asks nobody: libpq knows. libpqxx 7 leaves the transaction failed, and the server refuses.
void require_open(const pqxx::transaction_base& tx);

}  // namespace annals::projections
