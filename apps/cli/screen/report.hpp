#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/screen/output.hpp"
#include "cli/screen/table.hpp"

namespace annals::cli {

enum class Format { table, json, jsonl };

/// One value of a report, in its form for people and its form as JSON.
struct Cell {
  std::string text;
  std::string json;
};

/// The text for people: one line, nothing that a terminal would obey.
[[nodiscard]] std::string display_text(std::string_view text);
[[nodiscard]] Cell cell(std::string_view text);
[[nodiscard]] Cell cell(const char* text);
[[nodiscard]] Cell cell(std::int64_t number);
[[nodiscard]] Cell cell(bool value);
[[nodiscard]] Cell no_value();
template <class Value>
[[nodiscard]] Cell cell(const std::optional<Value>& value) {
  return value ? cell(*value) : no_value();
}

struct ReportColumn {
  std::string key;  ///< member of the JSON object; the table's title is the same in capitals, of an age without _ms
  Align align = Align::left;
};

/// What a command prints on standard output: a table, one JSON array, or a JSON object a line.
///
/// Lifecycle  add() rows -> flush() after each batch when they keep coming -> finish() once. With Format::json nothing is
///            valid before finish(). Thread safety: none. Ownership: borrows the output.
class Report {
 public:
  Report(Output& output, Format format, std::vector<ReportColumn> columns);

  void add(std::vector<Cell> cells);
  /// A row whose JSON form is given whole.
  void add(std::vector<std::string> cells, std::string_view json_object);
  void flush();
  void finish();

 private:
  void add_json(std::string_view object);
  Output& output_;
  Format format_;
  std::vector<ReportColumn> columns_;
  Table table_;
  bool first_ = true;
};

/// Prints SQL as it is, or as {"sql": ...}.
void print_sql(Output& output, Format format, std::string_view sql);

/// Prints one thing: "key  value" lines, or one JSON object.
void print_object(Output& output, Format format, const std::vector<ReportColumn>& columns, std::vector<Cell> cells);

}  // namespace annals::cli
