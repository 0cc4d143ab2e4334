#include "annals/postgres/database.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <pqxx/pqxx>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/error.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "session/conninfo.hpp"
#include "session/lease.hpp"
#include "session/session_settings.hpp"

namespace annals::postgres {
namespace {

std::string conninfo_value(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// What holds unless the conninfo or the environment says otherwise: a dead peer is noticed within the lease.
std::vector<std::pair<const char*, std::string>> defaults(const Database& database) {
  const auto times = peer_times(database.ownership_lease);
  std::vector<std::pair<const char*, std::string>> values{
      {"client_encoding", "UTF8"},
      {"fallback_application_name", database.application_name},
      {"keepalives_idle", std::to_string(times.idle.count())},
      {"keepalives_interval", std::to_string(times.interval.count())},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", std::to_string(times.unacknowledged.count())}};
  if (std::getenv("PGCONNECT_TIMEOUT") == nullptr) {
    values.emplace_back("connect_timeout", std::to_string(database.connect_timeout.count()));
  }
  return values;
}

/// For libpqxx, which takes one string: the conninfo's own options, then our defaults for those it does not set.
std::string expanded(const Database& database) {
  const auto options = parse_conninfo(database.conninfo);
  std::string out;
  const auto is_set = [&](std::string_view keyword) {
    for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
      if (option->keyword == keyword) return option->val != nullptr;
    }
    return false;
  };
  for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val != nullptr) out += fmt::format("{}={} ", option->keyword, conninfo_value(option->val));
  }
  for (const auto& [keyword, value] : defaults(database)) {
    if (!is_set(keyword)) out += fmt::format("{}={} ", keyword, conninfo_value(value));
  }
  return out;
}

void set_search_path(pqxx::transaction_base& tx, const std::string& search_path) {
  if (search_path.empty()) return;
  exec_params(tx, "SELECT pg_catalog.set_config('search_path', $1, false)", PqxxParams{}.text(search_path));
}

}  // namespace

std::string session_settings(const Database& database) {
  require_identifier("schema", database.schema);
  return fmt::format(
      "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {};"
      " SET bytea_output = hex; SET array_nulls = on; SET client_encoding = 'UTF8'; {}",
      database.statement_timeout.count(), database.lock_timeout.count(), database.idle_in_transaction_timeout.count(),
      peer_settings(database));
}

pg_conn* connect(const Database& database, Speech speech) {
  (void)parse_conninfo(database.conninfo);
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto ours = defaults(database);
  for (const auto& [keyword, value] : ours) {
    keywords.push_back(keyword);
    values.push_back(value.c_str());
  }
  keywords.push_back("dbname");  // expanded by libpq; what it names overrides what stands before it
  values.push_back(database.conninfo.c_str());
  if (speech == Speech::logical_replication) {
    keywords.push_back("replication");
    values.push_back("database");
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  std::unique_ptr<pg_conn, decltype([](pg_conn* c) { PQfinish(c); })> connection{
      PQconnectdbParams(keywords.data(), values.data(), 1)};
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    throw error_from_connection(connection.get(), fmt::format("connect to {}", describe(database)));
  }
  return connection.release();
}

std::unique_ptr<pqxx::connection> open_pqxx(const Database& database) {
  try {
    auto connection = std::make_unique<pqxx::connection>(expanded(database));
#if ANNALS_PQXX_VERSION < 700
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
    pqxx::nontransaction session{*connection};
    session.exec(session_settings(database));
    set_search_path(session, database.search_path);
    return connection;
  } catch (const pqxx::failure&) {
    rethrow_pqxx(fmt::format("connect to {}", describe(database)));
  }
}

std::string describe(const Database& database) {
  std::string out;
  const auto options = parse_conninfo(database.conninfo);
  for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val == nullptr) continue;
    if (keyword == "host" || keyword == "hostaddr" || keyword == "port" || keyword == "dbname" || keyword == "user" ||
        keyword == "service") {
      out += fmt::format("{}{}={}", out.empty() ? "" : " ", keyword, option->val);
    }
  }
  return out.empty() ? "PostgreSQL as the PG* environment names it" : out;
}

std::string schema_option(const std::string& schema) {
  return schema == Database{}.schema ? std::string{} : " --schema " + quote_shell(schema);
}

}  // namespace annals::postgres
