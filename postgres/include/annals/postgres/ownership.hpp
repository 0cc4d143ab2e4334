#pragma once
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "annals/postgres/pqxx_compat.hpp"

namespace annals::postgres {

class Connection;
class FrozenHolder;

/// Who may work now: a named thing in this database is owned by one session at a time. An advisory lock that ends with
/// its session, so a crashed owner never blocks the next; and a lease, so neither does one that is cut off. Everything an
/// owner writes should go through the same session: when the ownership is lost, so is the way to write.
///
/// Lifecycle      construct -> try_acquire() until it is held -> touch() at least every talk_within() -> release() or the
///                end of the object gives it up.
/// Thread safety  none.
/// Ownership      borrows the connection, which must outlive it. With libpqxx no transaction may be open on it at a call.
/// Errors         annals::Error; after one nothing is owned and the connection is to be thrown away.
/// Limits         never waits for another owner. The lease is kept by the server from version 14; before that, and where
///                the server hangs in writing to a frozen owner, by whoever keeps trying to acquire, after one and a half of
///                it and only with the owner's rights (a client that takes the rows of one statement for longer than that looks
///                frozen, too); inside a transaction, see Database::ownership_lease. Several on one session
///                are fine: they live and end together.
class Ownership {
 public:
  /// `name` is best made by ownership_name(). The lease is that of the connection's Database.
  Ownership(Connection& connection, std::string_view name);
  Ownership(pqxx::connection& connection, std::string_view name, std::chrono::milliseconds lease);
  ~Ownership();
  Ownership(const Ownership&) = delete;
  Ownership& operator=(const Ownership&) = delete;

  /// Takes it if nobody else has it; returns whether it is held. Never waits.
  bool try_acquire();
  /// Renews the lease; asks the server only when a third of it has passed. Does nothing while not held.
  void touch();
  /// Gives it up so that another owner can take over at once.
  void release();

  [[nodiscard]] bool held() const noexcept { return held_; }
  /// A third of the lease: how long a loop may wait between two calls of touch().
  [[nodiscard]] std::chrono::milliseconds talk_within() const noexcept { return lease_ / 3; }

 private:
  template <class Value>
  std::optional<Value> ask(const std::string& sql);

  std::variant<Connection*, pqxx::connection*> session_;
  std::int64_t key_;
  std::chrono::milliseconds lease_;
  std::chrono::steady_clock::time_point talked_;
  std::unique_ptr<FrozenHolder> frozen_;
  bool held_ = false;
};

/// One name of several parts, such as {"relay", schema, table, name}; different parts never make the same name.
[[nodiscard]] std::string ownership_name(std::initializer_list<std::string_view> parts);

/// Key of the advisory lock behind a name, the same in every process.
[[nodiscard]] std::int64_t ownership_key(std::string_view name) noexcept;

/// The session that owns a name.
struct Owner {
  int pid = 0;                   ///< of its backend; 0: a prepared transaction, which has none
  std::string application_name;  ///< empty where the asking role may not see it
  std::string client_address;    ///< empty for a Unix-domain socket, and where the asking role may not see it
};

[[nodiscard]] std::optional<Owner> find_owner(Connection& connection, std::string_view name);

/// Takes `ownership` of `name`, so that what it guards stands still. Throws Error{overloaded} while somebody else has it:
/// "`what` is running: …" with who it is.
void require_no_owner(Connection& connection, Ownership& ownership, std::string_view name, std::string_view what);

}  // namespace annals::postgres
