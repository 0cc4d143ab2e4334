#include "doctor/orphans.hpp"

#include <fmt/format.h>

#include "annals/eventstore/log_check.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"
#include "doctor/stream_ids.hpp"

namespace annals::eventstore {

std::string orphan_remedy(const std::string& schema) {
  return fmt::format(
      "find out who wrote it: no append can have; then `annals stream adopt{} --yes` gives such events a stream, and "
      "readers go on",
      postgres::schema_option(schema));
}

std::vector<AdoptedStream> adopt_orphans(postgres::Connection& connection, const std::string& schema) {
  pass_taken_stream_ids(connection, schema);  // first: from then on nobody is given an id that is about to be taken
  const auto rows = connection.query(postgres::render(sql::adopt_orphans, schema));
  std::vector<AdoptedStream> adopted;
  adopted.reserve(static_cast<std::size_t>(rows.rows()));
  for (int row = 0; row < rows.rows(); ++row) {
    adopted.push_back({.stream_id = rows.bigint(row, 0),
                       .name = StreamName::from_database(rows.bytes(row, 1)),
                       .version = StreamVersion{rows.bigint(row, 2)}});
  }
  return adopted;
}

}  // namespace annals::eventstore
