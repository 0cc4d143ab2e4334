#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"

namespace annals::relayd {

// Texts of settings to values. All throw Error{invalid} that says what the value is and what it may be.

[[nodiscard]] std::int64_t parse_integer(const std::string& text, std::int64_t low, std::int64_t high);
void require_one_of(const std::string& text, std::initializer_list<std::string_view> allowed);
/// True for `yes`, false for `no`.
[[nodiscard]] bool choose(const std::string& text, std::string_view yes, std::string_view no);
/// "host:port", "[ipv6]:port", or "off", which is nothing.
[[nodiscard]] std::optional<Listen> parse_listen(const std::string& text);

/// The parts between separators, without blanks around them and without empty ones.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
/// Of `names` the one that `name` was probably meant to be; empty when none is near.
[[nodiscard]] std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names);

}  // namespace annals::relayd
