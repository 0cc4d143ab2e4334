#pragma once
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace annals {

/// The whole number that all of `text` is, without blanks and without '+'; nothing when it is none, or one that `Int` does not hold.
template <class Int>
[[nodiscard]] std::optional<Int> parse_number(std::string_view text, int base = 10) noexcept {
  Int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace annals
