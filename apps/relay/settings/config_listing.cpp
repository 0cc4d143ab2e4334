#include "relay/settings/config_listing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "annals/kafka/settings.hpp"
#include "relay/own/own_outbox_section.hpp"
#include "relay/settings/capture_section.hpp"
#include "relay/settings/encoding_section.hpp"
#include "relay/settings/setting.hpp"

namespace annals::relayd {
namespace {

using Lines = std::vector<std::string>;

/// A line a setting: what it is called, its value, and where that came from.
Lines lines_of(const LoadedDatabase& database) {
  Lines lines;
  lines.reserve(all_settings().size());
  const auto add = [&](std::string_view key, std::string_view value, std::string_view origin) {
    lines.push_back(fmt::format("{:<30} = {:<40} # {}\n", key, value, origin));
  };
  for (const auto& setting : all_settings()) {
    const auto origin = database.origins.find(std::string{setting.key});
    add(setting.key, setting.show(database.config), origin == database.origins.end() ? "default" : origin->second);
  }
  for (const auto& own : database.config.own_outboxes) add("own_outbox", to_string(own), "above");
  for (const auto& capture : database.config.relay.captures) add("capture", to_string(capture), "above");
  for (const auto& rule : database.config.kafka.encodings) add("encoding", to_string(rule), "above");
  for (const auto& [name, value] : database.config.kafka.settings) {
    add(fmt::format("kafka.settings.{}", name), kafka::is_secret(name) ? "***" : value, "above");
  }
  return lines;
}

}  // namespace

std::string print_config(const LoadedConfig& loaded) {
  std::vector<Lines> all;
  all.reserve(loaded.databases.size());
  for (const auto& database : loaded.databases) all.push_back(lines_of(database));
  if (all.empty()) all.push_back(lines_of({loaded.config, loaded.origins}));
  const auto common = [&](const std::string& line) {
    return std::ranges::all_of(all, [&](const Lines& lines) { return std::ranges::find(lines, line) != lines.end(); });
  };
  std::string out;
  for (const auto& line : all.front()) {
    if (common(line)) out += line;
  }
  for (std::size_t i = 0; all.size() > 1 && i < all.size(); ++i) {
    out += fmt::format("\n# database {}\n", loaded.databases[i].config.database.name);
    for (const auto& line : all[i]) {
      if (!common(line)) out += line;
    }
  }
  return loaded.secrets.removed_from(std::move(out));
}

}  // namespace annals::relayd
