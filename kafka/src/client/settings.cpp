#include "annals/kafka/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "client/allow_list.hpp"

namespace annals::kafka {
namespace {

const AllowedSetting* find_allowed(std::string_view name) {
  const auto all = allowed_settings();
  const auto found = std::ranges::lower_bound(all, name, {}, &AllowedSetting::name);
  return found != all.end() && found->name == name ? &*found : nullptr;
}

bool matches(std::string_view pattern, std::string_view name) {
  return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
}

const DeniedSetting* find_denied(std::string_view name) {
  const auto all = denied_settings();
  const auto found = std::ranges::find_if(all, [&](const DeniedSetting& row) { return matches(row.name, name); });
  return found != all.end() ? &*found : nullptr;
}

/// Insertions, deletions and replacements that turn one into the other.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const auto replaced = diagonal + (from[i] == to[j] ? 0U : 1U);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row[to.size()];
}

std::string nearest_hint(std::string_view name) {
  constexpr std::size_t name_bytes_max = 64;  // longer is no misspelling, and the distance costs length times length
  const auto all = allowed_settings();
  if (name.size() <= name_bytes_max) {
    const auto near = std::ranges::min_element(all, {}, [&](const auto& row) { return edit_distance(name, row.name); });
    if (edit_distance(name, near->name) <= std::max<std::size_t>(2, name.size() / 4)) {
      return fmt::format("did you mean {}?", near->name);
    }
  }
  return "only settings of the allow-list pass; see annals::kafka::allowed_settings()";
}

[[noreturn]] void refuse_unknown(std::string_view name) {
  if (const auto* row = find_denied(name)) {
    throw invalid(fmt::format("Kafka setting {} is not allowed: {}", printable(name), row->reason), "remove it");
  }
  throw invalid(fmt::format("Kafka setting {} is not known", printable(name)), nearest_hint(name));
}

bool value_allowed(std::string_view values, std::string_view value) {
  while (!values.empty()) {
    const auto end = std::min(values.find('|'), values.size());
    if (matches(values.substr(0, end), value)) return true;
    values.remove_prefix(std::min(end + 1, values.size()));
  }
  return false;
}

void require_setting(const std::string& name, const std::string& value, Client client) {
  const auto* row = find_allowed(name);
  if (row == nullptr) refuse_unknown(name);
  if (row->client != Client::both && row->client != client) {
    throw invalid(fmt::format("Kafka setting {} is only for {}", name,
                              row->client == Client::producer ? "the producer" : "the consumer"),
                  "give it to that one alone");
  }
  if (!row->values.empty() && !value_allowed(row->values, value)) {
    const auto shown = row->secret ? std::string{"(secret)"} : printable(value);
    throw invalid(fmt::format("Kafka setting {}={} is not allowed: {}", name, shown, row->reason),
                  fmt::format("leave it out or use {}", row->values));
  }
  if (value.find('\0') != std::string::npos)
    throw invalid(fmt::format("Kafka setting {} contains NUL", name), "remove it");
}

}  // namespace

void require_valid(const Settings& settings, Client client) {
  for (const auto& [name, value] : settings) require_setting(name, value, client);
  const auto servers = settings.find("bootstrap.servers");
  if (servers == settings.end() || servers->second.empty()) {
    throw invalid("Kafka setting bootstrap.servers is missing", "name at least one broker as host:port");
  }
}

}  // namespace annals::kafka
