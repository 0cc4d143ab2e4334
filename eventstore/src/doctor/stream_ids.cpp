#include "doctor/stream_ids.hpp"

#include <fmt/format.h>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/doctor/sequence.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"

namespace annals::eventstore {

using Fault = LogFinding::Fault;

namespace {

std::int64_t highest_taken(postgres::Connection& connection, const std::string& schema) {
  return connection.query(postgres::render(sql::highest_stream_id, schema)).bigint(0, 0);
}

}  // namespace

std::optional<LogFinding> check_stream_ids(postgres::Connection& connection, const std::string& schema) {
  const auto highest = highest_taken(connection, schema);  // first: what it shows was drawn by the time of the question
  const auto sequence = schema + ".streams_stream_id_seq";
  const auto given_out = postgres::last_given_out(connection, sequence);
  if (!given_out) {
    return LogFinding{
        Fault::not_compared,
        fmt::format("{}.streams.stream_id was not compared: no SELECT on the sequence {}", schema, sequence),
        postgres::missing_right_remedy(connection)};
  }
  if (highest <= *given_out) return std::nullopt;
  return LogFinding{
      Fault::taken_stream_id,
      fmt::format("{}: stream ids go up to {}, and the sequence has given out {}: creating a stream fails "
                  "when it is given one of those between",
                  schema, highest, *given_out),
      fmt::format("find out who wrote them; `annals stream adopt{} --yes` moves the sequence past them",
                  postgres::schema_option(schema))};
}

void pass_taken_stream_ids(postgres::Connection& connection, const std::string& schema) {
  connection.query(postgres::render(sql::move_stream_ids, schema),
                   postgres::Params{}.bigint(highest_taken(connection, schema)));
}

}  // namespace annals::eventstore
