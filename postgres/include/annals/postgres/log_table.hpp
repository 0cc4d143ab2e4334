#pragma once
#include <cstdint>
#include <string>

namespace annals::postgres {

/// An append-only table with a `position` drawn from its identity sequence: what the ordered tail reads and the doorbell
/// wakes for. Writers ring through the same two values, so reader and writer must name the table alike.
struct LogTable {
  std::string relation;  ///< "schema.table", both plain identifiers
  std::string select;  ///< columns and joins: "SELECT e.position, … FROM …"; position first; no WHERE, no ORDER BY
  std::string position;   ///< the position column as `select` names it: "e.position"
  std::int64_t bell = 0;  ///< key of the advisory lock
  std::string channel;    ///< NOTIFY channel
};

/// Key of the doorbell's advisory lock for a table, the same in every process.
[[nodiscard]] std::int64_t bell_key(const std::string& relation) noexcept;
/// NOTIFY channel of a table: its name with '.' as '_', cut to PostgreSQL's 63 bytes.
[[nodiscard]] std::string bell_channel(const std::string& relation);
/// A LogTable with bell and channel filled in.
[[nodiscard]] LogTable log_table(std::string relation, std::string select, std::string position);

}  // namespace annals::postgres
