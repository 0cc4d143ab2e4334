#include "annals/postgres/ownership.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/error.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"
#include "session/hash.hpp"

namespace annals::postgres {
namespace {

bool ask_session(Connection& connection, const std::string& sql) {
  const auto rows = connection.query(sql);
  return !rows.empty() && rows.boolean(0, 0);
}

bool ask_session(pqxx::connection& connection, const std::string& sql) {
  try {
    // No transaction: a setting made in one that fails would be taken back, the lock would not.
    pqxx::nontransaction session{connection};
    const auto rows = session.exec(sql);
    return !rows.empty() && rows[0][0].as<bool>();
  } catch (const pqxx::failure&) {
    rethrow_pqxx("ownership");
  }
}

}  // namespace

Ownership::Ownership(Connection& connection, std::string_view name)
    : session_(&connection), key_(ownership_key(name)), lease_(connection.database().ownership_lease) {}

Ownership::Ownership(pqxx::connection& connection, std::string_view name, std::chrono::milliseconds lease)
    : session_(&connection), key_(ownership_key(name)), lease_(lease) {}

Ownership::~Ownership() {
  try {
    release();
  } catch (...) {  // the session is gone, and the lock with it
  }
}

/// Runs a statement in the session; whatever fails there ends the ownership.
bool Ownership::ask(const std::string& sql) {
  // The server counts real time from its last answer, which is later than this: not the caller's clock, never too late.
  const auto now = std::chrono::steady_clock::now();
  try {
    const bool answer = std::visit([&](auto* session) { return ask_session(*session, sql); }, session_);
    talked_ = now;
    return answer;
  } catch (...) {
    held_ = false;
    throw;
  }
}

bool Ownership::try_acquire() {
  if (!held_) {
    held_ = ask(
        render(sql::ownership_acquire, {{"key", std::to_string(key_)}, {"lease_ms", std::to_string(lease_.count())}}));
    if (!held_) end_silent_owner();
  }
  return held_;
}

/// The lease is the server's matter; this is for servers that cannot keep it.
void Ownership::end_silent_owner() {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_ < talk_within()) return;
  looked_ = now;
  ask(render(sql::ownership_end_silent, {{"key", std::to_string(key_)}, {"lease_ms", std::to_string(lease_.count())}}));
}

void Ownership::touch() {
  if (!held_ || std::chrono::steady_clock::now() - talked_ < talk_within()) return;
  ask(std::string{sql::ownership_touch});
}

void Ownership::release() {
  if (!held_) return;
  held_ = false;
  ask(render(sql::ownership_release, {{"key", std::to_string(key_)}}));
  ask(std::string{sql::ownership_lease_end});
}

std::string ownership_name(std::initializer_list<std::string_view> parts) {
  std::string name;
  for (const auto part : parts) {
    if (!name.empty()) name += '/';
    for (const char c : part) {
      if (c == '/' || c == '\\') name += '\\';
      name += c;
    }
  }
  return name;
}

std::int64_t ownership_key(std::string_view name) noexcept { return stable_hash("annals:lock:" + std::string{name}); }

std::optional<Owner> find_owner(Connection& connection, std::string_view name) {
  const auto row = connection.query(std::string{sql::owner}, Params{}.bigint(ownership_key(name)));
  if (row.empty()) return std::nullopt;
  return Owner{.pid = row.integer(0, 0), .application_name = row.text(0, 1), .client_address = row.text(0, 2)};
}

void require_no_owner(Connection& connection, Ownership& ownership, std::string_view name, std::string_view what) {
  if (ownership.try_acquire()) return;
  const auto owner = find_owner(connection, name);
  if (!owner)
    throw Error{ErrorKind::overloaded, fmt::format("{} was running a moment ago", what), {.hint = "try again"}};
  if (owner->pid == 0) {
    throw Error{ErrorKind::overloaded,
                fmt::format("{} is not running, but a prepared transaction holds its lock", what),
                {.hint = "commit it or roll it back: `annals doctor` lists those that were left behind"}};
  }
  throw Error{
      ErrorKind::overloaded,
      fmt::format("{} is running: backend {} (application \"{}\", client {})", what, owner->pid,
                  printable(owner->application_name), owner->client_address.empty() ? "local" : owner->client_address),
      {.hint = "stop it first"}};
}

}  // namespace annals::postgres
