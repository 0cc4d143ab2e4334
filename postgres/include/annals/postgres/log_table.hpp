#pragma once
#include <string>

namespace annals::postgres {

struct MessageLog;

/// An append-only table with a `position` drawn from its identity sequence: what the ordered tail reads and the doorbell
/// wakes for. The table's own DEFAULT rings (see Doorbell), so reader and schema step must name the table alike.
struct LogTable {
  std::string relation;  ///< "schema.table", both plain identifiers
  std::string select;  ///< columns and joins: "SELECT e.position, … FROM …"; position first; no WHERE, no ORDER BY
  std::string position;      ///< the position column as `select` names it: "e.position"
  std::string horizon = {};  ///< table of one row that keeps the proven horizon for replicas; empty: none
  std::string bell = {};     ///< text whose hash is the key of the advisory lock
  std::string channel = {};  ///< NOTIFY channel
  std::string rows = {};     ///< see MessageLog::rows; empty: the relation
};

/// NOTIFY channel of a table: its name, with '_' for all that a plain identifier has not, cut to PostgreSQL's 63 bytes.
[[nodiscard]] std::string bell_channel(std::string relation);
/// Text whose hash is the key of a table's bell.
[[nodiscard]] std::string bell_name(const std::string& relation);
/// A LogTable with bell and channel filled in.
[[nodiscard]] LogTable log_table(std::string relation, std::string select, std::string position,
                                 std::string horizon = {});
[[nodiscard]] LogTable log_table(const MessageLog& log);

}  // namespace annals::postgres
