#pragma once
#include <chrono>
#include <functional>
#include <string>

namespace annals::postgres {

/// Where a database is and how its sessions are set up. A plain value: cheap to copy, nothing is opened by it.
struct Database {
  /// Passed to libpq verbatim: a URI, "key=value" keywords, or empty for the PG* environment and service files.
  std::string conninfo;
  /// Schema that holds Annals' tables; a plain identifier.
  std::string schema = "annals";
  /// Shown in pg_stat_activity unless the conninfo names one.
  std::string application_name = "annals";
  /// Where a service's own statements look for names without a schema: the sessions of open_pqxx and make_pqxx_pool, so
  /// also the handlers of a runner or an inbox. Empty keeps what the role or the database has. Annals' own sessions
  /// (Connection, Migrator) never follow it: they look in pg_catalog only, where nobody can plant a function.
  std::string search_path = {};

  /// Bound on opening a connection; a connect_timeout in the conninfo wins.
  std::chrono::seconds connect_timeout{10};
  /// Bound on one statement; 0 is none.
  std::chrono::milliseconds statement_timeout{60'000};
  /// Bound on waiting for a lock; 0 is none.
  std::chrono::milliseconds lock_timeout{10'000};
  /// A session that appended and then stalls is ended after this, because readers of the log must wait for it; 0 is none.
  std::chrono::milliseconds idle_in_transaction_timeout{60'000};
  /// How long a session that is cut off keeps what it owns, from 1 second to 1 hour. Both ends of every session give a
  /// silent peer up within it (TCP keepalives, unless the conninfo sets its own), and from version 14 the server ends an
  /// owner's session that said nothing for so long. Price: an owner must talk at least every third of it
  /// (Ownership::touch), and one that is paused for longer loses its session. An owner that is cut off in the middle of a
  /// transaction is ended by idle_in_transaction_timeout instead.
  std::chrono::milliseconds ownership_lease{30'000};

  /// Asked by a Connection that waits for the server: when it begins, twice a second, and at every signal. While it says yes,
  /// the statement is cancelled, and fails as one that the server ended (57014) unless it was done before. Empty: nobody is
  /// asked. Sessions of libpqxx do not ask.
  std::function<bool()> interrupted = {};
};

/// The target without secrets, for messages: "host=… port=… dbname=… user=…".
[[nodiscard]] std::string describe(const Database& database);

/// For commands of `annals` in hints, to be pasted as they are: " --schema S", or nothing for the schema that it takes by
/// default. Without it the command acts on another service's tables where one database has both.
[[nodiscard]] std::string schema_option(const std::string& schema);

}  // namespace annals::postgres
