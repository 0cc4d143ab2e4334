#include "annals/postgres/sql_text.hpp"

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/message_log.hpp"

namespace annals::postgres {
namespace {

void replace_all(std::string& text, std::string_view name, std::string_view value) {
  const auto place = "{" + std::string{name} + "}";
  for (auto at = text.find(place); at != std::string::npos; at = text.find(place, at + value.size())) {
    text.replace(at, place.size(), value);
  }
}

}  // namespace

std::string render(std::string_view sql, std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  std::string text{sql};
  for (const auto& [name, value] : values) replace_all(text, name, value);
  for (const auto& [name, value] : values) ANNALS_ASSERT(text.find("{" + std::string{name} + "}") == std::string::npos);
  return text;
}

std::string render(std::string_view sql, std::string_view schema) {
  require_identifier("schema", schema);
  return render(sql, {{"schema", schema}});
}

std::string render(std::string_view sql, const MessageLog& log) {
  require_identifier("schema", log.schema);
  return render(sql,
                {{"schema", log.schema}, {"relation", log.rows.empty() ? log.relation : log.rows}, {"id", log.id}});
}

}  // namespace annals::postgres
