#include "runner/log_sql.hpp"

#include "annals/eventstore/message_log.hpp"
#include "annals/postgres/sql_text.hpp"

namespace annals::projections {

std::string on_log(std::string_view sql, const std::string& schema) {
  const auto log = eventstore::message_log(schema);
  return postgres::render(sql, {{"schema", log.schema}, {"relation", log.relation}, {"id", log.id}});
}

}  // namespace annals::projections
