#pragma once
#include <string>

#include "annals/postgres/database.hpp"

struct pg_conn;

namespace annals::postgres {

/// The SET statements that give a session its bounds.
[[nodiscard]] std::string session_settings(const Database& database);
/// Opens a libpq connection; throws Error{disconnected} or, when the conninfo itself is wrong, Error{invalid}.
[[nodiscard]] pg_conn* connect(const Database& database);

}  // namespace annals::postgres
