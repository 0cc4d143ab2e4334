#include "annals/postgres/error.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <iterator>

#include <pqxx/pqxx>

namespace annals::postgres {
namespace {

struct Meaning {
  std::string_view prefix;  // of the SQLSTATE
  ErrorKind kind;
  bool retryable;
  std::string_view hint;
};

constexpr std::string_view already_there =
    "something has that name already: find out who made it, and move it away or drop it";

// The first match counts: exact codes before classes, and none is without a hint: the last row takes every code that there is
// and will be. PostgreSQL documentation, appendix A.
constexpr Meaning meanings[] = {
    {"40001", ErrorKind::failed, true, "run the transaction again"},
    {"40P01", ErrorKind::failed, true, "run the transaction again"},
    {"40003", ErrorKind::in_doubt, false, "read back before trying again"},
    {"55P03", ErrorKind::overloaded, true, "another session holds the lock; try again"},
    {"55006", ErrorKind::overloaded, true,
     "another session uses it: it is free when that session has ended; try again"},
    {"57014", ErrorKind::overloaded, true, "the statement passed its timeout; try again or raise statement_timeout"},
    {"57P05", ErrorKind::disconnected, true,
     "the session was idle too long; an owner must talk within every third of ownership_lease; reconnect"},
    {"57P", ErrorKind::disconnected, true, "the server is starting, stopping or ended the session; reconnect"},
    {"25P03", ErrorKind::disconnected, true, "the session was idle in a transaction too long"},
    {"25006", ErrorKind::disconnected, true, "the server is read-only; connect to the primary"},
    {"08", ErrorKind::disconnected, true, "reconnect"},
    {"53", ErrorKind::overloaded, true, "the server is out of a resource; see its log"},
    {"58", ErrorKind::disconnected, true, "the server met a system error; see its log"},
    {"3F000", ErrorKind::not_ready, false,
     "the schema is not there: run `annals schema apply`, with --schema if it is not annals"},
    {"42P01", ErrorKind::not_ready, false,
     "a table is not there: if it is one of Annals, run `annals schema apply`, with --schema if it is not annals"},
    {"42501", ErrorKind::not_ready, false,
     "give the role its rights with `annals schema roles apply`, which names it by --writer, --events-relay and so on, "
     "and "
     "--schema if it is not annals"},
    {"28", ErrorKind::not_ready, false, "check user, password and pg_hba.conf"},
    {"3D000", ErrorKind::not_ready, false, "create the database first, or correct its name"},
    {"XX001", ErrorKind::corrupt, false, "stop and check the storage"},
    {"XX002", ErrorKind::corrupt, false, "stop and check the storage"},
    {"0A", ErrorKind::failed, false, "the server cannot do this: see its version with `annals doctor`"},
    {"22", ErrorKind::failed, false, "a value is not one that its column takes; correct it"},
    {"23", ErrorKind::failed, false, "a constraint of the table refuses the row; correct it"},
    {"25", ErrorKind::failed, false, "the transaction is over or in another state: roll it back and begin again"},
    {"42P07", ErrorKind::failed, false, already_there},
    {"42P06", ErrorKind::failed, false, already_there},
    {"42710", ErrorKind::failed, false, already_there},
    {"42723", ErrorKind::failed, false, already_there},
    {"42", ErrorKind::failed, false,
     "the database has not what the statement names: compare it with `annals schema validate`, and --schema if it is "
     "not "
     "annals"},
    {"54", ErrorKind::failed, false, "the statement or a row is too large for the server: send less at once"},
    {"55", ErrorKind::failed, false, "something that it needs is in another state: see `annals doctor`"},
    {"XX", ErrorKind::failed, false, "the server met an error of its own; see its log"},
    {"", ErrorKind::failed, false, "see the server's log; appendix A of PostgreSQL's manual has the code"},
};

const Meaning& meaning_of(std::string_view sqlstate) {
  return *std::find_if(std::begin(meanings), std::end(meanings),
                       [&](const Meaning& meaning) { return sqlstate.starts_with(meaning.prefix); });
}

std::string_view one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

// libpq tells no SQLSTATE of a session that the server refused, so it is known by its text; a server that speaks another
// language than English leaves it at "disconnected". `then`, if any, follows `text`: a name stands between them.
struct Refusal {
  std::string_view text;
  std::string_view then;
  std::string_view sqlstate;
  std::string_view hint;
};

constexpr Refusal refusals[] = {
    {"FATAL:  database \"", "\" does not exist", "3D000", "create the database first, or correct its name"},
    {"FATAL:  role \"", "\" does not exist", "28000", "create the role first, or correct its name"},
    {"FATAL:  role \"", "\" is not permitted to log in", "28000", "name a role that may log in"},
    {"FATAL:  permission denied for database", "", "42501", "grant the role CONNECT on the database"},
    {"password authentication failed for user", "", "28P01", "check user and password"},
    {"fe_sendauth: no password supplied", "", "28P01", "give a password: PGPASSFILE, or a service file"},
    {"FATAL:  no pg_hba.conf entry", "", "28000", "let the user in by a line of the server's pg_hba.conf"},
    {"FATAL:  pg_hba.conf rejects", "", "28000", "let the user in by a line of the server's pg_hba.conf"},
    {"authentication failed for user", "", "28000", "check user, password and pg_hba.conf"},
};

/// What the last of the hosts that were tried said.
std::string_view last_answer(std::string_view message) {
  const auto begin = message.rfind("connection to server");
  return begin == std::string_view::npos ? message : message.substr(begin);
}

const Refusal* refusal_of(std::string_view message) {
  const auto answer = last_answer(message);
  const auto says = [&](const Refusal& refusal) {
    const auto begin = answer.find(refusal.text);
    return begin != std::string_view::npos && answer.find(refusal.then, begin) != std::string_view::npos;
  };
  const auto* found = std::find_if(std::begin(refusals), std::end(refusals), says);
  return found == std::end(refusals) ? nullptr : found;
}

Error disconnected(std::string_view what, std::string_view message) {
  if (const auto* refusal = refusal_of(message)) {
    return Error{ErrorKind::not_ready,
                 fmt::format("{}: {}", what, one_line(message)),
                 {.hint = std::string{refusal->hint}, .sqlstate = std::string{refusal->sqlstate}}};
  }
  return Error{ErrorKind::disconnected,
               fmt::format("{}: {}", what, one_line(message)),
               {.hint = "check that PostgreSQL is up and the connection string names it"}};
}

}  // namespace

Error error_from_sqlstate(std::string_view sqlstate, std::string_view what, std::string_view message) {
  if (sqlstate.empty()) return disconnected(what, message);
  const auto& meaning = meaning_of(sqlstate);
  return Error{meaning.kind,
               fmt::format("{}: {} [{}]", what, one_line(message), sqlstate),
               {.hint = std::string{meaning.hint}, .sqlstate = std::string{sqlstate}, .retryable = meaning.retryable}};
}

bool is_overtaken(const Error& error) noexcept { return error.sqlstate() == "40001" || error.sqlstate() == "40P01"; }

Error error_from_result(const pg_result* result, std::string_view what) {
  const auto field = [&](int code) -> std::string_view {
    const char* text = result == nullptr ? nullptr : PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
  };
  auto message = std::string{field(PG_DIAG_MESSAGE_PRIMARY)};
  if (message.empty()) message = result == nullptr ? "connection lost" : PQresultErrorMessage(result);
  if (const auto detail = field(PG_DIAG_MESSAGE_DETAIL); !detail.empty()) message += fmt::format(" ({})", detail);
  if (const auto hint = field(PG_DIAG_MESSAGE_HINT); !hint.empty()) message += fmt::format(" ({})", hint);
  return error_from_sqlstate(field(PG_DIAG_SQLSTATE), what, message);
}

Error error_from_connection(const pg_conn* connection, std::string_view what) {
  return disconnected(what, connection == nullptr ? "out of memory" : PQerrorMessage(connection));
}

Error corrupt_data(std::string_view where, std::string_view what) {
  return Error{ErrorKind::corrupt,
               fmt::format("{}: {}", where, what),
               {.hint = "find out what wrote it or changed the table; nothing was skipped"}};
}

void rethrow_pqxx(std::string_view what) {
  try {
    throw;
  } catch (const pqxx::in_doubt_error& error) {
    throw Error{ErrorKind::in_doubt,
                fmt::format("{}: {}", what, one_line(error.what())),
                {.hint = "the commit may have happened: read back before trying again"}};
  } catch (const pqxx::serialization_failure& error) {  // these two are no sql_error in libpqxx 6
    throw error_from_sqlstate("40001", what, error.what());
  } catch (const pqxx::deadlock_detected& error) {
    throw error_from_sqlstate("40P01", what, error.what());
  } catch (const pqxx::statement_completion_unknown& error) {
    throw error_from_sqlstate("40003", what, error.what());
  } catch (const pqxx::broken_connection& error) {
    throw disconnected(what, error.what());
  } catch (const pqxx::insufficient_privilege& error) {  // for this one libpqxx 6 keeps no code
    throw error_from_sqlstate("42501", what, error.what());
  } catch (const pqxx::sql_error& error) {
    throw error_from_sqlstate(error.sqlstate(), what, error.what());
  } catch (const pqxx::failure& error) {
    throw Error{ErrorKind::failed,
                fmt::format("{}: {}", what, one_line(error.what())),
                {.hint = "the server or libpqxx refused it; see the server's log"}};
  }
}

}  // namespace annals::postgres
