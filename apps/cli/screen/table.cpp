#include "cli/screen/table.hpp"

#include <algorithm>
#include <numeric>

#include "annals/core/assert.hpp"
#include "cli/screen/display_width.hpp"

namespace annals::cli {

Table::Table(std::vector<TableColumn> columns, std::optional<std::size_t> width, host::Style style)
    : columns_(std::move(columns)), width_(width), style_(style) {
  for (const auto& column : columns_) widths_.push_back(display_width(column.title));
}

void Table::add(std::vector<std::string> cells) {
  ANNALS_ASSERT(cells.size() == columns_.size());
  for (std::size_t i = 0; i < cells.size(); ++i) widths_[i] = std::max(widths_[i], display_width(cells[i]));
  rows_.push_back(std::move(cells));
}

void Table::fit() {
  if (!width_) return;
  auto total = std::accumulate(widths_.begin(), widths_.end(), gap * (widths_.size() - 1));
  while (total > *width_) {
    auto& widest = *std::max_element(widths_.begin(), widths_.end());
    if (widest <= cut_width_min) return;
    const auto cut = std::min(total - *width_, widest - cut_width_min);
    // Half of it, then look again which is widest: two long columns share what there is.
    widest -= std::max<std::size_t>(cut / 2, 1);
    total -= std::max<std::size_t>(cut / 2, 1);
  }
}

std::string Table::line(const std::vector<std::string>& cells, bool title) const {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool last = i + 1 == cells.size();
    const auto cell = width_ ? cut_to_width(cells[i], widths_[i]) : cells[i];
    const std::string blanks(widths_[i] - std::min(widths_[i], display_width(cell)), ' ');
    const bool right = columns_[i].align == Align::right;
    text += (right ? blanks : "") + cell;
    if (!last) text += (right ? "" : blanks) + std::string(gap, ' ');
  }
  if (width_) text = cut_to_width(text, *width_);  // many columns in a narrow window
  return (title ? style_.bold(text) : text) + "\n";
}

std::string Table::render() {
  if (rows_.empty()) return {};
  fit();
  std::string text;
  if (!titled_) {
    std::vector<std::string> titles;
    for (const auto& column : columns_) titles.push_back(column.title);
    text += line(titles, true);
    titled_ = true;
  }
  for (const auto& row : rows_) text += line(row, false);
  rows_.clear();
  return text;
}

}  // namespace annals::cli
