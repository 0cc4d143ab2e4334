#pragma once
#include <string>
#include <vector>

namespace annals::postgres {

class Connection;

/// What is wrong with the positions of a log, or why nobody can tell.
struct PositionFinding {
  enum class Fault {
    impossible,    ///< below 1: no reader sees it; above what the sequence gave out: readers pass over what comes next
    not_compared,  ///< this role may not ask the sequence what it gave out
  };
  Fault fault;
  std::string what;    ///< names table and position
  std::string remedy;  ///< what an operator can do, as SQL where it can be said so
};

/// Compares the lowest and the highest position of a log's table ("schema.table") with what its sequence gave out. Reads
/// only, at the two ends of an index.
///
/// Needs SELECT on the table and on its sequence; without the latter it says so. Errors: those of the connection.
[[nodiscard]] std::vector<PositionFinding> check_positions(Connection& connection, const std::string& relation);

}  // namespace annals::postgres
