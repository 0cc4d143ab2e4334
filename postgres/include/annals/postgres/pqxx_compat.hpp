#pragma once
// The one place that knows libpqxx's version: 6.4 (Debian 12) differs from 7.x in run-time parameter lists, bytea and
// reconnecting. Everything else in Annals uses only what both have.
#include <cstdint>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <vector>

#include "annals/postgres/database.hpp"

#define ANNALS_PQXX_VERSION (PQXX_VERSION_MAJOR * 100 + PQXX_VERSION_MINOR)

namespace annals::postgres {

#if ANNALS_PQXX_VERSION < 700
using PqxxConnectionRef = pqxx::connection_base;
#else
using PqxxConnectionRef = pqxx::connection;
#endif

/// Opens a libpqxx connection with the sessions' settings applied. It never reconnects on its own (libpqxx 6 would, and
/// lose locks and prepared statements silently). Throws Error{disconnected, invalid}.
[[nodiscard]] std::unique_ptr<pqxx::connection> open_pqxx(const Database& database);

/// Parameters of one statement run in a caller's pqxx transaction, in order; text on the wire. Not thread-safe.
class PqxxParams {
 public:
  PqxxParams& null();
  PqxxParams& text(std::string_view value);
  PqxxParams& optional_text(std::string_view value);  ///< NULL when empty
  PqxxParams& integer(std::int64_t value);
  PqxxParams& bytea(std::string_view value);

  [[nodiscard]] const std::vector<std::optional<std::string>>& items() const noexcept { return items_; }

 private:
  std::vector<std::optional<std::string>> items_;
};

/// Throws Error{failed} unless the transaction still runs. After a statement that failed libpqxx 7 leaves the transaction
/// failed; libpqxx 6 rolls it back at once and lets statements with parameters through, which would commit on their own.
/// Asks nobody: libpq knows.
void require_open(const pqxx::transaction_base& tx);

/// Commits. Throws Error{in_doubt} when a synchronous standby did not confirm (the wait was canceled): the server calls that a success.
void commit(pqxx::dbtransaction& tx);

/// Runs a statement with run-time parameters, in a transaction that is open; plans it anew at each call.
pqxx::result exec_params(pqxx::transaction_base& tx, const std::string& sql, const PqxxParams& params);
/// Prepares `sql` under `name` on the transaction's connection. Call once a connection and name.
void prepare(pqxx::transaction_base& tx, const std::string& name, const std::string& sql);
pqxx::result exec_prepared(pqxx::transaction_base& tx, const std::string& name, const PqxxParams& params);

/// Identity of the session under a transaction: changes when the connection is another one.
[[nodiscard]] int backend_pid(pqxx::transaction_base& tx);

/// The bytes of a bytea field in text form, in either of bytea_output's two: a service's session may have it set to escape.
/// Error{corrupt} when it is neither.
[[nodiscard]] std::string decode_bytea(std::string_view text);
/// The bytea hex text form of `bytes`.
[[nodiscard]] std::string encode_bytea(std::string_view bytes);

}  // namespace annals::postgres
