#include "log/log_sql.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/text.hpp"
#include "annals/postgres/ownership.hpp"
#include "annals/postgres/sql_text.hpp"

namespace annals::outbox {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/// As one word of a shell, whatever is in it.
std::string shell_word(std::string_view text) {
  if (!text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), is_plain)) return std::string{text};
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return word + "'";
}

}  // namespace

std::string render_for(std::string_view sql, const postgres::MessageLog& log) {
  require_identifier("schema", log.schema);
  return postgres::render(sql, {{"schema", log.schema}, {"relation", log.relation}, {"id", log.id}});
}

std::string lock_name_of(const postgres::MessageLog& log, std::string_view relay) {
  return postgres::ownership_name({"relay", log.schema, log.name, relay});
}

std::string adopt_command(std::string_view relay, std::string_view log, std::int64_t position) {
  return fmt::format("annals relay adopt {} --log {} --position {}", shell_word(relay), shell_word(log), position);
}

std::string skip_command(std::string_view relay, std::string_view log, std::int64_t position, const EventId& id) {
  return fmt::format("annals relay skip {} --log {} --position {} --id {}", shell_word(relay), shell_word(log),
                     position, id.to_string());
}

}  // namespace annals::outbox
