#include "cli/screen/report.hpp"

#include <limits>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "annals/json/string.hpp"

namespace annals::cli {
namespace {

/// An age in milliseconds is shown to people in units of its own.
std::string_view without_unit(std::string_view key) {
  if (key.ends_with("_age_ms")) key.remove_suffix(3);
  return key;
}

std::string title_of(std::string_view key) {
  key = without_unit(key);
  std::string title;
  for (const char c : key) title += c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return title;
}

std::vector<TableColumn> table_columns(const std::vector<ReportColumn>& columns) {
  std::vector<TableColumn> out;
  out.reserve(columns.size());
  for (const auto& column : columns) out.push_back({title_of(column.key), column.align});
  return out;
}

std::string json_object(const std::vector<ReportColumn>& columns, const std::vector<Cell>& cells) {
  ANNALS_ASSERT(columns.size() == cells.size());
  std::string object = "{";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) object += ',';
    json::append_string(object, columns[i].key);
    object += ':';
    object += cells[i].json;
  }
  return object + "}";
}

std::vector<std::string> texts(std::vector<Cell>&& cells) {
  std::vector<std::string> out;
  out.reserve(cells.size());
  for (auto& cell : cells) out.push_back(std::move(cell.text));
  return out;
}

}  // namespace

std::string display_text(std::string_view text) { return printable(text, std::numeric_limits<std::size_t>::max()); }

Cell cell(std::string_view text) { return {display_text(text), json::as_string(text)}; }
Cell cell(const char* text) { return cell(std::string_view{text}); }
Cell cell(std::int64_t number) { return {std::to_string(number), std::to_string(number)}; }
Cell cell(bool value) { return {value ? "yes" : "no", value ? "true" : "false"}; }
Cell no_value() { return {"-", "null"}; }

Report::Report(Output& output, Format format, std::vector<ReportColumn> columns)
    : output_(output),
      format_(format),
      columns_(std::move(columns)),
      table_(table_columns(columns_), host::terminal_width(stdout), host::Style::for_stream(stdout)) {}

void Report::add(std::vector<Cell> cells) {
  if (format_ != Format::table) return add_json(json_object(columns_, cells));
  table_.add(texts(std::move(cells)));
}

void Report::add(std::vector<std::string> cells, std::string_view json_object) {
  if (format_ != Format::table) return add_json(json_object);
  table_.add(std::move(cells));
}

void Report::add_json(std::string_view object) {
  if (format_ == Format::json) output_.write(first_ ? "[\n" : ",\n");
  output_.write(without_terminal_controls(object));
  if (format_ == Format::jsonl) output_.write("\n");
  first_ = false;
}

void Report::flush() {
  if (format_ == Format::table) output_.write(table_.render());
  output_.flush();
}

void Report::finish() {
  if (format_ == Format::json) output_.write(first_ ? "[]\n" : "\n]\n");
  flush();
}

void print_sql(Output& output, Format format, std::string_view sql) {
  if (format != Format::table) return print_object(output, format, {{"sql"}}, {cell(sql)});
  output.write(sql);
  output.flush();
}

void print_object(Output& output, Format format, const std::vector<ReportColumn>& columns, std::vector<Cell> cells) {
  if (format != Format::table) {
    output.write(json_object(columns, cells) + "\n");
    return output.flush();
  }
  Table table{{{"name"}, {"value"}}, host::terminal_width(stdout), host::Style::plain()};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string name{without_unit(columns[i].key)};
    for (auto& c : name) c = c == '_' ? ' ' : c;
    table.add({name, cells[i].text});
  }
  const auto lines = table.render();
  output.write(std::string_view{lines}.substr(lines.find('\n') + 1));
  output.flush();
}

}  // namespace annals::cli
