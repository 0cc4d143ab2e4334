#include <fmt/format.h>

#include <type_traits>

#include "columns/event_columns.hpp"

namespace annals::eventstore::columns {
namespace {

template <class Columns, class Write>
std::string list(const Columns& columns, Write write) {
  std::string text;
  for_each(columns, [&](const auto& column) {
    if (!text.empty()) text += ", ";
    text += write(column);
  });
  return text;
}

/// In text, what settings could change comes in hexadecimal: bytea_output and DateStyle are the caller's.
template <class Column>
std::string selected(const Column& column, Form form) {
  using Kind = typename Column::Kind;
  if (form == Form::text) {
    if (std::is_same_v<Kind, Bytea>) return fmt::format("pg_catalog.encode(e.{}, 'hex')", column.name);
    if (std::is_same_v<Kind, Time> || std::is_same_v<Kind, OptionalTime>) {
      return fmt::format("pg_catalog.encode(pg_catalog.timestamptz_send(e.{}), 'hex')", column.name);
    }
  }
  return fmt::format("e.{}", column.name);
}

}  // namespace

std::string names() {
  return list(given, [](const auto& column) { return std::string{column.name}; });
}

std::string parameters(int first) {
  return list(given, [&](const auto& column) {
    return fmt::format("${}::{}", first++, std::decay_t<decltype(column)>::Kind::sql);
  });
}

std::string arrays(int first) {
  return list(given, [&](const auto& column) {
    using Kind = typename std::decay_t<decltype(column)>::Kind;
    return fmt::format("${}::{}[]", first++, std::is_same_v<Kind, Headers> ? Text::sql : Kind::sql);
  });
}

std::string values() {
  return list(given, [](const auto& column) {
    using Kind = typename std::decay_t<decltype(column)>::Kind;
    if (std::is_same_v<Kind, OptionalText>) return fmt::format("nullif(e.{}, '')", column.name);
    return fmt::format("e.{}{}", column.name, std::is_same_v<Kind, Headers> ? "::text[]" : "");
  });
}

std::string select_recorded(Form form) {
  return list(recorded, [&](const auto& column) { return selected(column, form); });
}

std::string select_identity(Form form) {
  return list(identity, [&](const auto& column) { return selected(column, form); });
}

}  // namespace annals::eventstore::columns
