#include "annals/postgres/position_check.hpp"

#include <fmt/format.h>

#include <limits>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/doctor/sequence.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"

namespace annals::postgres {

using Fault = PositionFinding::Fault;

namespace {

PositionFinding above_the_sequence(const std::string& relation, std::int64_t highest, std::int64_t given_out) {
  return {Fault::impossible,
          fmt::format("{}.position goes up to {}, and the sequence has given out {}: rows of the positions between are "
                      "passed over",
                      relation, highest, given_out),
          highest == std::numeric_limits<std::int64_t>::max()
              ? "no position is left: go on in a new database, with what is to be kept and without that row"
              : fmt::format("ALTER TABLE {} ALTER COLUMN position RESTART WITH {}; find out who wrote it", relation,
                            highest + 1)};
}

}  // namespace

std::vector<PositionFinding> check_positions(Connection& connection, const std::string& relation) {
  // In this order: every position that the snapshot shows was given out by the time the sequence is asked.
  const auto bounds = connection.query(render(sql::position_bounds, {{"relation", relation}}));
  const auto sequence = relation + "_position_seq";
  const auto given_out = last_given_out(connection, sequence);
  std::vector<PositionFinding> findings;
  if (!given_out) {
    findings.push_back({Fault::not_compared,
                        fmt::format("{}.position was not compared: no SELECT on the sequence {}", relation, sequence),
                        missing_right_remedy(connection)});
  }
  if (bounds.is_null(0, 0)) return findings;
  const auto lowest = bounds.bigint(0, 0);
  if (lowest < 1) {
    findings.push_back({Fault::impossible,
                        fmt::format("{}.position begins at {}: readers begin at 1", relation, lowest),
                        "find out who wrote it, and write what it says again if it is wanted"});
  }
  const auto highest = bounds.bigint(0, 1);
  if (given_out && highest > *given_out) findings.push_back(above_the_sequence(relation, highest, *given_out));
  return findings;
}

}  // namespace annals::postgres
