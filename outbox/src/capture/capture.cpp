#include "annals/outbox/capture.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"
#include "capture/name_pattern.hpp"

namespace annals::outbox {
namespace {

constexpr std::size_t identifier_bytes_max = 63;
constexpr std::size_t columns_max = 1600;

[[noreturn]] void refuse(const Capture& capture, std::string_view why, std::string_view hint) {
  throw invalid(fmt::format("the capture of table \"{}\" {}", printable(capture.table), why), hint);
}

void require_table(const Capture& capture) {
  const auto dot = capture.table.find('.');
  const auto fits = [](std::string_view name) { return !name.empty() && name.size() <= identifier_bytes_max; };
  const std::string_view whole = capture.table;
  if (dot != std::string_view::npos && fits(whole.substr(0, dot)) && fits(whole.substr(dot + 1)) &&
      !invalid_text_offset(whole)) {
    return;
  }
  refuse(capture, "does not name a schema and a table", "write schema.table, or schema.* for all of a schema");
}

/// Whether the pattern gives a topic is seen with any table.
void require_patterns(const Capture& capture) {
  try {
    require_topic(fill({.pattern = capture.topic, .schema = "s", .table = "t", .operation = "{operation}"}));
  } catch (const Error& error) {
    refuse(capture, fmt::format("has no topic that may be: {}", error.message()),
           "give a topic; {schema} and {table} in it stand for the table's");
  }
  if (capture.type.empty() || capture.type.size() > 255 || invalid_text_offset(capture.type)) {
    refuse(capture, "has no type of 1 to 255 bytes", "such as \"shop.{table}.{operation}\"");
  }
}

void require_columns(const Capture& capture) {
  if (!capture.include.empty() && !capture.exclude.empty()) {
    refuse(capture, "has columns to include and others to exclude", "keep one of the two");
  }
  for (const auto& column : capture.key) {
    if (std::ranges::find(capture.exclude, column) == capture.exclude.end()) continue;
    refuse(capture, fmt::format("has column \"{}\" in its key and excludes it", printable(column)),
           "keep one of the two: a key is told");
  }
  for (const auto* columns : {&capture.key, &capture.include, &capture.exclude}) {
    if (columns->size() > columns_max) refuse(capture, "names more columns than a table can have", "name each once");
    auto sorted = *columns;
    std::ranges::sort(sorted);
    if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
      refuse(capture, fmt::format("names column \"{}\" twice", printable(*twice)), "name each once");
    }
  }
}

void require_valid(const Capture& capture) {
  require_table(capture);
  require_patterns(capture);
  require_columns(capture);
  if (capture.operations == Capture::Operations{false, false, false, false}) {
    refuse(capture, "has no operation", "give some of insert, update, delete and truncate, or leave the capture out");
  }
}

}  // namespace

void require_valid(const std::vector<Capture>& captures) {
  for (std::size_t i = 0; i < captures.size(); ++i) {
    require_valid(captures[i]);
    const auto end = captures.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find_if(captures.begin(), end, [&](const auto& c) { return c.table == captures[i].table; }) == end)
      continue;
    refuse(captures[i], "is there twice", "keep one of them: a change is one message, to one topic");
  }
}

const Capture* find_capture(const std::vector<Capture>& captures, std::string_view schema,
                            std::string_view table) noexcept {
  const Capture* of_schema = nullptr;
  for (const auto& capture : captures) {
    const std::string_view name = capture.table;
    const auto dot = name.find('.');
    if (name.substr(0, dot) != schema) continue;
    if (name.substr(dot + 1) == table) return &capture;
    if (name.substr(dot + 1) == "*") of_schema = &capture;
  }
  return of_schema;
}

}  // namespace annals::outbox
