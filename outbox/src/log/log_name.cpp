#include "log/log_name.hpp"

#include <fmt/format.h>

#include "annals/core/quote.hpp"
#include "annals/postgres/database.hpp"
#include "annals/postgres/ownership.hpp"

namespace annals::outbox {

LogName name_of(const postgres::MessageLog& log) { return {log.name, log.schema}; }

std::string lock_name_of(const postgres::MessageLog& log, std::string_view relay) {
  return postgres::ownership_name({"relay", log.schema, log.name, relay});
}

std::string adopt_command(std::string_view relay, const LogName& log, std::int64_t position) {
  return fmt::format("annals relay adopt {} --log {} --position {}{} --yes", quote_shell(relay), quote_shell(log.name),
                     position, postgres::schema_option(log.schema));
}

std::string repair_command(std::string_view relay, const LogName& log) {
  return fmt::format("annals relay repair {} --log {}{}", quote_shell(relay), quote_shell(log.name),
                     postgres::schema_option(log.schema));
}

std::string forget_command(std::string_view relay, const LogName& log) {
  return fmt::format("annals relay forget {} --log {}{} --yes", quote_shell(relay), quote_shell(log.name),
                     postgres::schema_option(log.schema));
}

std::string skip_command(std::string_view relay, const LogName& log, std::int64_t position, const EventId& id) {
  return fmt::format("annals relay skip {} --log {} --position {} --id {}{} --reason WHY", quote_shell(relay),
                     quote_shell(log.name), position, id.to_string(), postgres::schema_option(log.schema));
}

}  // namespace annals::outbox
