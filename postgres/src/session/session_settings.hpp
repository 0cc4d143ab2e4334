#pragma once
#include <string>

#include "annals/postgres/database.hpp"

struct pg_conn;

namespace annals::postgres {

/// For sessions that run no statement but ours. Any role may create functions in public (or in a schema that a role's
/// search_path names), and PostgreSQL prefers public.unnest(text[]) to pg_catalog.unnest(anyarray) as the better match:
/// with another path a stranger's code would run with our rights.
inline constexpr auto pin_search_path = "SET search_path = pg_catalog, pg_temp";
/// ValueForm::text, for a session that reads a slot.
inline constexpr auto text_values =
    "SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC'; SET extra_float_digits = 1;"
    " SET bytea_output = 'hex'; SET lc_monetary = 'C'; SET client_encoding = 'UTF8'; SET quote_all_identifiers = off;"
    " SET search_path = pg_catalog, pg_temp";
/// The SET statements that give a session its bounds.
[[nodiscard]] std::string session_settings(const Database& database);
/// What a session speaks: SQL, or with a walsender.
enum class Speech { sql, logical_replication };
/// Opens a libpq connection; throws Error{disconnected} or, when the conninfo itself is wrong, Error{invalid}.
[[nodiscard]] pg_conn* connect(const Database& database, Speech speech = Speech::sql);

}  // namespace annals::postgres
