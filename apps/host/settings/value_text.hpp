#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace annals::host {

// Texts of settings to values. All throw Error{invalid} that says what the value is and what it may be.

[[nodiscard]] std::int64_t parse_integer(const std::string& text, std::int64_t low, std::int64_t high);
void require_one_of(const std::string& text, std::initializer_list<std::string_view> allowed);
/// True for `yes`, false for `no`.
[[nodiscard]] bool choose(const std::string& text, std::string_view yes, std::string_view no);

/// The parts between separators, without blanks around them and without empty ones.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

}  // namespace annals::host
