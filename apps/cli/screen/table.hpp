#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "host/text/terminal.hpp"

namespace annals::cli {

enum class Align { left, right };

struct TableColumn {
  std::string title;
  Align align = Align::left;
};

/// Lays out rows in aligned columns.
///
/// On a terminal a row never wraps: the widest columns are cut, and of many in a narrow window the last ones. Elsewhere (`width` is nothing) all text is kept.
/// Widths only grow from one render() to the next, so that rows that come in batches stay aligned. Thread safety: none.
class Table {
 public:
  Table(std::vector<TableColumn> columns, std::optional<std::size_t> width, host::Style style);

  void add(std::vector<std::string> cells);
  /// The lines of the rows added since the last call, preceded by the titles the first time; nothing without rows.
  [[nodiscard]] std::string render();

 private:
  static constexpr std::size_t gap = 2;             // blanks between columns
  static constexpr std::size_t cut_width_min = 12;  // a column is never cut below this

  void fit();
  [[nodiscard]] std::string line(const std::vector<std::string>& cells, bool title) const;

  std::vector<TableColumn> columns_;
  std::optional<std::size_t> width_;
  host::Style style_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
  bool titled_ = false;
};

}  // namespace annals::cli
