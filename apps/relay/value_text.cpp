#include "value_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::relayd {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto substituted = diagonal + (a[i] == b[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::int64_t parse_integer(const std::string& text, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  const auto range = fmt::format("use an integer from {} to {}", low, high);
  if (error != std::errc{} || at != end) throw invalid(fmt::format("\"{}\" is no integer", printable(text)), range);
  if (value < low || value > high) throw invalid(fmt::format("{} is out of range", value), range);
  return value;
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

std::optional<Listen> parse_listen(const std::string& text) {
  if (text == "off") return std::nullopt;
  const auto colon = text.rfind(':');
  const auto remedy = "use an address and a port, such as 127.0.0.1:9464 or [::1]:9464, or \"off\"";
  if (colon == std::string::npos || colon == 0) {
    throw invalid(fmt::format("\"{}\" is no address with a port", printable(text)), remedy);
  }
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    throw invalid(fmt::format("\"{}\" has several colons", printable(text)), remedy);
  }
  return Listen{host, static_cast<int>(parse_integer(text.substr(colon + 1), 0, 65'535))};
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

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names) {
  std::string_view best;
  auto best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const auto candidate : names) {
    if (const auto distance = edit_distance(name, candidate); distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace annals::relayd
