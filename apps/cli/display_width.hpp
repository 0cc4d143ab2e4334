#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace annals::cli {

/// Columns that UTF-8 text takes on a terminal: wide East Asian characters and emoji two, combining marks none.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;
/// The text cut to `width` columns, never inside a character; "…" marks the cut.
[[nodiscard]] std::string cut_to_width(std::string_view text, std::size_t width);
/// DEL, the C1 controls and the marks that turn the direction of text, as \\uXXXX: what can still play tricks on a
/// terminal after printable() or JSON have escaped the rest.
[[nodiscard]] std::string without_terminal_controls(std::string_view text);

}  // namespace annals::cli
