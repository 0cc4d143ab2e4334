#include "host/settings/value_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"

namespace annals::host {

std::int64_t parse_integer(const std::string& text, std::int64_t low, std::int64_t high) {
  const auto value = parse_number<std::int64_t>(text);
  const auto range = fmt::format("use an integer from {} to {}", low, high);
  if (!value) throw invalid(fmt::format("\"{}\" is no integer", printable(text)), range);
  if (*value < low || *value > high) throw invalid(fmt::format("{} is out of range", *value), range);
  return *value;
}

void require_one_of(const std::string& text, std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return;
  const auto meant = nearest(text, allowed);
  throw invalid(fmt::format("\"{}\" is not allowed", printable(text)),
                fmt::format("use one of: {}{}", fmt::join(allowed, ", "),
                            meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
}

bool choose(const std::string& text, std::string_view yes, std::string_view no) {
  require_one_of(text, {yes, no});
  return text == yes;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = trimmed(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace annals::host
