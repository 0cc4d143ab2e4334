#pragma once
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace annals::postgres {

class Connection;

/// A transaction that a reader of a log must wait for, for metrics, logs and `annals doctor`.
struct Blocker {
  std::string holder;  ///< virtual transaction, such as "3/45"
  int pid = 0;         ///< 0 for a prepared transaction
  /// Since it began; nothing where this role may not see it (pg_read_all_stats may).
  std::optional<std::chrono::milliseconds> age = std::nullopt;
  std::string state = {};     ///< "active", "idle in transaction", "prepared", "unknown"
  std::string query = {};     ///< its last statement, when this role may see it; the gid of a prepared one
  std::string role = {};      ///< who it is
  std::string relation = {};  ///< the log's table that it may still write to
};

/// "for 12 s", or "for a time that this role may not see".
[[nodiscard]] std::string age_text(const Blocker& blocker);
/// "pid 12 of role shop", or "a transaction prepared as "gid" by role shop".
[[nodiscard]] std::string who_text(const Blocker& blocker);
/// What an operator can do about it, with SQL to paste.
[[nodiscard]] std::string remedy_text(const Blocker& blocker);
/// The same of the prepared transaction `gid`.
[[nodiscard]] std::string prepared_remedy_text(std::string_view gid);

/// The transactions that may still fill a position of the tables `relations` ("schema.table"), the oldest first, those whose
/// age this role may not see last. With `transactions` (as Blocker::holder) only these. Asks the server once.
[[nodiscard]] std::vector<Blocker> find_blockers(
    Connection& connection, std::span<const std::optional<std::string_view>> relations,
    std::optional<std::span<const std::optional<std::string_view>>> transactions = std::nullopt);

}  // namespace annals::postgres
