#include "capture/captured_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "annals/core/error.hpp"
#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/json/string.hpp"
#include "capture/name_pattern.hpp"

namespace annals::outbox {

using pgoutput::Value;

namespace {

constexpr std::array<std::string_view, 4> operations{"inserted", "updated", "deleted", "truncated"};

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool is_shown(const Capture& capture, std::string_view column) {
  return capture.include.empty() ? !has(capture.exclude, column) : has(capture.include, column);
}

bool needs_identity(const Capture& capture) { return capture.operations.updates || capture.operations.deletes; }

}  // namespace

std::string identity_remedy(std::string_view schema, std::string_view table) {
  return fmt::format("as the table's owner: ALTER TABLE {}.{} REPLICA IDENTITY FULL", quote_sql_identifier(schema),
                     quote_sql_identifier(table));
}

CapturedTable::CapturedTable(const Parts& parts)
    : capture_(&parts.capture),
      identity_(parts.relation.replica_identity),
      name_(fmt::format("{}.{}", parts.relation.schema, parts.relation.name)),
      topic_(
          fill_topic({.pattern = parts.capture.topic, .schema = parts.relation.schema, .table = parts.relation.name})) {
  for (const auto operation : operations) {
    types_.push_back(fill({.pattern = capture_->type,
                           .schema = parts.relation.schema,
                           .table = parts.relation.name,
                           .operation = operation}));
  }
  columns_.reserve(parts.relation.columns.size());
  for (std::size_t i = 0; i < parts.relation.columns.size(); ++i) {
    const auto name = parts.relation.columns[i].name;
    columns_.push_back({.name = json::as_string(name), .form = parts.forms[i], .shown = is_shown(*capture_, name)});
  }
  find_key(parts);
  has_keys_before_ = std::ranges::all_of(key_, [&](std::size_t i) { return parts.relation.columns[i].key; });
  require_key(parts);
  require_excluded(parts);
}

/// A column that is called otherwise now would be told.
void CapturedTable::require_excluded(const Parts& parts) const {
  const auto& columns = parts.relation.columns;
  for (const auto& name : capture_->exclude) {
    const auto found = std::ranges::find(columns, std::string_view{name}, &pgoutput::Column::name);
    if (found == columns.end()) {
      throw invalid(
          fmt::format("table {} has no column \"{}\", which its capture excludes", printable(name_), printable(name)),
          "exclude it by the name that it has now; if it is gone, or is not published, take it out of exclude");
    }
    if (std::ranges::find(key_, static_cast<std::size_t>(found - columns.begin())) == key_.end()) continue;
    throw invalid(fmt::format("column \"{}\" of table {} is excluded, and in the key of its messages", printable(name),
                              printable(name_)),
                  "name other columns in the capture's key, or take it out of exclude");
  }
}

/// By name: the columns of a table may change, and their order with them.
void CapturedTable::find_key(const Parts& parts) {
  const auto& columns = parts.relation.columns;
  const bool of_identity = capture_->key.empty() && identity_ != 'f';
  const auto& names = capture_->key.empty() ? parts.primary_key : capture_->key;
  if (of_identity) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].key) key_.push_back(i);
    }
    return;
  }
  for (const auto& name : names) {
    const auto found = std::ranges::find(columns, std::string_view{name}, &pgoutput::Column::name);
    if (found == columns.end()) {
      throw invalid(
          fmt::format("table {} has no column \"{}\", which is to be in the key of its messages", printable(name_),
                      printable(name)),
          "name columns that it has in the capture's key; a publication with a list of columns must have them");
    }
    key_.push_back(static_cast<std::size_t>(found - columns.begin()));
  }
}

void CapturedTable::require_key(const Parts& parts) const {
  const auto& columns = parts.relation.columns;
  if (key_.empty()) {
    throw invalid(fmt::format("table {} has no primary key, and its capture names no key", printable(name_)),
                  fmt::format("name columns in the capture's key, and: {}",
                              identity_remedy(parts.relation.schema, parts.relation.name)));
  }
  if (!needs_identity(*capture_)) return;
  if (capture_->before && !has_rows_before()) {
    throw invalid(fmt::format("the server does not log rows of table {} as they were before, which its capture wants",
                              printable(name_)),
                  identity_remedy(parts.relation.schema, parts.relation.name) +
                      "; what has changed since has no row before: to go on with it, leave before = true out of the "
                      "capture");
  }
  for (const auto i : key_) {
    if (columns[i].key) continue;
    throw invalid(
        fmt::format("column \"{}\" is in the key of the messages of table {}, and the server does not log it of rows "
                    "that are updated or deleted",
                    printable(columns[i].name), printable(name_)),
        identity_remedy(parts.relation.schema, parts.relation.name));
  }
}

const std::string& CapturedTable::type(Operation operation) const {
  return types_[static_cast<std::size_t>(operation)];
}

CapturedTable::Row CapturedTable::row(const pgoutput::Tuple& tuple) const {
  if (tuple.size() != columns_.size()) {
    throw Error{ErrorKind::corrupt,
                fmt::format("a row of {} in the write-ahead log has {} values, and the table {} columns",
                            printable(name_), tuple.size(), columns_.size()),
                {.hint = "compare the server's version with those of README.md; see it with `annals doctor`"}};
  }
  Row row(tuple.size());
  tuple.each([&](std::size_t i, const Value& value) { row[i] = value; });
  return row;
}

std::string CapturedTable::key(const Row& row, const Row* before) const {
  const auto value = [&](std::size_t column) -> const Value& {
    const bool take_before = row[column].kind == Value::Kind::unchanged && before != nullptr;
    return take_before ? (*before)[column] : row[column];
  };
  if (key_.size() == 1 && value(key_[0]).kind == Value::Kind::text && !value(key_[0]).bytes.empty()) {
    return std::string{value(key_[0]).bytes};
  }
  std::string out{"["};
  for (const auto column : key_) {
    if (out.size() > 1) out += ',';
    append(out, column, value(column));
  }
  return out += ']';
}

/// Of a value that was told.
void CapturedTable::append(std::string& out, std::size_t column, const Value& value) const {
  switch (value.kind) {
    case Value::Kind::null: out += "null"; return;
    case Value::Kind::text: append_value(out, columns_[column].form, value.bytes); return;
    case Value::Kind::unchanged:
    case Value::Kind::binary: break;
  }
  throw Error{ErrorKind::corrupt,
              fmt::format("a row of {} in the write-ahead log has no text in column {}", printable(name_),
                          columns_[column].name),
              {.hint = "compare the server's version with those of README.md; see it with `annals doctor`"}};
}

void CapturedTable::append_row(std::string& out, const Row& row, const Row* before, std::string& unchanged) const {
  char separator = '{';
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!columns_[i].shown) continue;
    const auto* value = &row[i];
    if (value->kind == Value::Kind::unchanged && before != nullptr) value = &(*before)[i];
    if (value->kind == Value::Kind::unchanged) {
      unchanged += unchanged.empty() ? "" : ",";
      unchanged += columns_[i].name;
      continue;
    }
    out += separator;
    separator = ',';
    out += columns_[i].name;
    out += ':';
    append(out, i, *value);
  }
  out += separator == '{' ? "{}" : "}";
}

void CapturedTable::append_key(std::string& out, const Row& row) const {
  char separator = '{';
  for (const auto i : key_) {
    out += separator;
    separator = ',';
    out += columns_[i].name;
    out += ':';
    append(out, i, row[i]);
  }
  out += '}';
}

}  // namespace annals::outbox
