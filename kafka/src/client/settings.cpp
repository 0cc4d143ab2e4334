#include "annals/kafka/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
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

/// "linger.ms" for "linger": the first name that goes on with another word.
std::string_view completed(std::string_view name, const std::vector<std::string_view>& names) {
  const auto goes_on = [&](std::string_view longer) {
    return longer.starts_with(name) && longer.substr(name.size()).starts_with('.');
  };
  const auto found = std::ranges::find_if(names, goes_on);
  return found != names.end() ? *found : std::string_view{};
}

std::string nearest_hint(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& row : allowed_settings()) names.push_back(row.name);
  auto meant = nearest(name, names);
  if (meant.empty()) meant = completed(name, names);
  return meant.empty() ? "only settings of the allow-list pass: `annals-relay --list-kafka-settings` shows them"
                       : fmt::format("did you mean {}?", meant);
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

bool is_secret(std::string_view name) noexcept {
  const auto* row = find_allowed(name);
  return row == nullptr || row->secret;
}

void require_valid(const Settings& settings, Client client) {
  for (const auto& [name, value] : settings) require_setting(name, value, client);
  const auto servers = settings.find("bootstrap.servers");
  if (servers == settings.end() || servers->second.empty()) {
    throw invalid("Kafka setting bootstrap.servers is missing", "name at least one broker as host:port");
  }
}

}  // namespace annals::kafka
