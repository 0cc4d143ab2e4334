#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace annals::cli {

/// Columns that UTF-8 text takes on a terminal: wide East Asian characters and emoji two, combining marks none.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;
/// The text cut to `width` columns, never inside a character; "…" marks the cut.
[[nodiscard]] std::string cut_to_width(std::string_view text, std::size_t width);

}  // namespace annals::cli
