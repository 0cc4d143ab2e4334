#include "log/log_sql.hpp"

#include "annals/core/text.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/sql_text.hpp"

namespace annals::outbox {

std::string render_for(std::string_view sql, const postgres::MessageLog& log) {
  require_identifier("schema", log.schema);
  return postgres::render(sql, {{"schema", log.schema}, {"relation", log.relation}, {"id", log.id}});
}

std::string lock_name_of(const postgres::MessageLog& log, std::string_view relay) {
  return postgres::ownership_name({"relay", log.schema, log.name, relay});
}

}  // namespace annals::outbox
