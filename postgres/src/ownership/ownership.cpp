#include "annals/postgres/ownership.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/stable_hash.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/error.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"
#include "ownership/frozen_holder.hpp"

namespace annals::postgres {
namespace {

/// The first value of the first row, a bigint or a boolean.
template <class Value>
std::optional<Value> ask_session(Connection& connection, const std::string& sql) {
  const auto rows = connection.query(sql);
  if (rows.empty()) return std::nullopt;
  if constexpr (std::is_same_v<Value, bool>) {
    return rows.boolean(0, 0);
  } else {
    return rows.bigint(0, 0);
  }
}

template <class Value>
std::optional<Value> ask_session(pqxx::connection& connection, const std::string& sql) {
  try {
    // No transaction: a setting made in one that fails would be taken back, the lock would not.
    pqxx::nontransaction session{connection};
    const auto rows = session.exec(sql);
    if (rows.empty()) return std::nullopt;
    return rows[0][0].as<Value>();
  } catch (const pqxx::failure&) {
    rethrow_pqxx("ownership");
  }
}

}  // namespace

Ownership::Ownership(Connection& connection, std::string_view name)
    : session_(&connection),
      key_(ownership_key(name)),
      lease_(connection.database().ownership_lease),
      frozen_(std::make_unique<FrozenHolder>(std::to_string(key_), lease_)) {}

Ownership::Ownership(pqxx::connection& connection, std::string_view name, std::chrono::milliseconds lease)
    : session_(&connection),
      key_(ownership_key(name)),
      lease_(lease),
      frozen_(std::make_unique<FrozenHolder>(std::to_string(key_), lease_)) {}

Ownership::~Ownership() {
  try {
    release();
  } catch (...) {  // the session is gone, and the lock with it
  }
}

/// Runs a statement in the session; whatever fails there ends the ownership.
template <class Value>
std::optional<Value> Ownership::ask(const std::string& sql) {
  // The server counts real time from its last answer, which is later than this: not the caller's clock, never too late.
  const auto now = std::chrono::steady_clock::now();
  try {
    const auto answer = std::visit([&](auto* session) { return ask_session<Value>(*session, sql); }, session_);
    talked_ = now;
    return answer;
  } catch (...) {
    held_ = false;
    throw;
  }
}

bool Ownership::try_acquire() {
  if (!held_) {
    held_ = ask<bool>(render(sql::ownership_acquire,
                             {{"key", std::to_string(key_)}, {"lease_ms", std::to_string(lease_.count())}}))
                .value_or(false);
    // The lease is the server's matter; this is for where the server cannot keep it.
    if (!held_ && frozen_->is_due()) frozen_->saw(ask<std::int64_t>(frozen_->statement()));
  }
  return held_;
}

void Ownership::touch() {
  if (!held_ || std::chrono::steady_clock::now() - talked_ < talk_within()) return;
  ask<bool>(std::string{sql::ownership_touch});
}

void Ownership::release() {
  if (!held_) return;
  held_ = false;
  ask<bool>(render(sql::ownership_release, {{"key", std::to_string(key_)}}));
  ask<bool>(std::string{sql::ownership_lease_end});
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
