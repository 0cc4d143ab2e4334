#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace annals {

/// Offset of the first byte that is not well-formed UTF-8 (RFC 3629) or is NUL; nothing when the text is fine.
/// PostgreSQL's text type refuses exactly these.
[[nodiscard]] std::optional<std::size_t> invalid_text_offset(std::string_view text) noexcept;

/// The text with control characters (C1 and marks of direction among them), quotes and backslashes escaped, cut to
/// `bytes_max`: safe in logs and messages.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max = 120);

/// DEL, the C1 controls and the marks that turn the direction of text as \\uXXXX: what can still play tricks on a terminal
/// after JSON has escaped the rest.
[[nodiscard]] std::string without_terminal_controls(std::string_view text);

/// Throws Error{invalid} unless `text` is non-empty, at most `bytes_max` long, valid UTF-8 and free of NUL.
void require_text(std::string_view what, std::string_view text, std::size_t bytes_max);

/// Throws Error{invalid} unless `name` is a plain SQL identifier: [a-z_][a-z0-9_]{0,62}.
void require_identifier(std::string_view what, std::string_view name);

/// Of `names` the one that `name` was probably meant to be, for "did you mean …?"; empty when none is near, and for a name
/// of more than 64 bytes: that is no slip of the finger, and to compare costs length times length.
[[nodiscard]] std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names);

}  // namespace annals
