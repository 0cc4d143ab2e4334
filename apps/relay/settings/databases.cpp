#include "relay/settings/databases.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "annals/core/text.hpp"
#include "host/text/conninfo.hpp"
#include "relay/settings/setting.hpp"

namespace annals::relayd {
namespace {

using Lines = std::vector<std::string>;

/// What names a single database: of no use when there are many.
constexpr std::array single_keys{std::string_view{"database.uri"}, std::string_view{"database.uri_file"}};

bool is_single(std::string_view key) { return std::ranges::find(single_keys, key) != single_keys.end(); }

void add_line(Lines& lines, std::string_view where, std::string_view text, std::string_view hint) {
  lines.push_back(fmt::format("{}{}{}. Hint: {}", where, where.empty() ? "" : ": ", text, hint));
}

/// Environment and flags without those that name a single database.
ConfigInputs common_inputs(ConfigInputs inputs, const FileContents& file, LoadedConfig& loaded) {
  for (const auto key : single_keys) {
    const std::string variable{find_setting(key)->env};
    const bool is_named =
        std::ranges::find(file.databases, variable, &DatabaseSection::uri_env) != file.databases.end();
    if (const auto found = inputs.environment.find(variable); found != inputs.environment.end()) {
      if (!found->second.empty() && !is_named) {
        add_line(loaded.warnings, "", fmt::format("{} is not used: the file has [[database]]", variable),
                 "name a variable in uri_env of the database that it is for");
      }
      inputs.environment.erase(found);
    }
  }
  const auto is_flag_of_single = [](const auto& flag) { return is_single(flag.first); };
  if (std::ranges::any_of(inputs.flags, is_flag_of_single)) {
    add_line(loaded.problems, "--database", "names one database, and the file has [[database]]",
             "leave one of them out");
    std::erase_if(inputs.flags, is_flag_of_single);
  }
  return inputs;
}

/// Its own after the common ones: the last one said holds.
FileContents contents_of(const FileContents& common, FileContents own) {
  own.values.insert(own.values.begin(), common.values.begin(), common.values.end());
  if (own.routes.empty()) own.routes = common.routes;
  if (own.captures.empty()) own.captures = common.captures;
  if (own.encodings.empty()) own.encodings = common.encodings;
  if (own.own_outboxes.empty()) own.own_outboxes = common.own_outboxes;
  own.kafka_settings.insert(common.kafka_settings.begin(), common.kafka_settings.end());
  return own;
}

/// The URI from the variable that the section names.
void take_from_environment(const DatabaseSection& section, const ConfigInputs& inputs, FileContents& contents,
                           Lines& problems) {
  if (section.uri_env.empty()) return;
  const auto also = std::ranges::find_if(contents.values, [](const auto& value) { return is_single(value.key); });
  if (also != contents.values.end()) {
    return add_line(problems, also->where, fmt::format("{} and database.uri_env are both given", also->key),
                    "keep one of them");
  }
  const auto found = inputs.environment.find(section.uri_env);
  if (found == inputs.environment.end() || found->second.empty()) {
    return add_line(problems, section.where, fmt::format("the variable {} is not set", printable(section.uri_env)),
                    "it is to hold the database's URI");
  }
  contents.values.push_back({"database.uri", found->second, section.uri_env});
}

/// Which lines all have.
Lines common_lines(const std::vector<Lines>& all) {
  Lines common;
  for (const auto& line : all.front()) {
    const auto has = [&](const Lines& lines) { return std::ranges::find(lines, line) != lines.end(); };
    if (std::ranges::all_of(all, has)) common.push_back(line);
  }
  return common;
}

/// Those that all have once, those of a single one with its name.
void merge(Lines& into, const std::vector<Lines>& all, const std::vector<LoadedDatabase>& databases) {
  const auto common = common_lines(all);
  into.insert(into.end(), common.begin(), common.end());
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& line : all[i]) {
      if (std::ranges::find(common, line) != common.end()) continue;
      into.push_back(fmt::format("database {}: {}", printable(databases[i].config.database.name), line));
    }
  }
}

/// Why the second of two cannot be: the first takes its name, or its lock.
std::string conflict(const Config& first, const Config& second, bool same_database) {
  if (first.database.name == second.database.name) {
    return fmt::format("two databases are called {}", printable(first.database.name));
  }
  const bool same_log = std::ranges::any_of(
      second.sources, [&](const auto& log) { return std::ranges::find(first.sources, log) != first.sources.end(); });
  const bool same_schema = first.database.schema == second.database.schema;
  if (!same_database || !same_log || !same_schema || first.relay.name != second.relay.name) return {};
  return fmt::format("{} and {} are one database, with one relay name", first.database.name, second.database.name);
}

void refuse_conflicts(LoadedConfig& loaded) {
  const auto& all = loaded.databases;
  std::vector<std::string> where;
  where.reserve(all.size());
  for (const auto& database : all) where.push_back(host::server_and_database(database.config.database.uri));
  for (std::size_t second = 1; second < all.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      const auto what = conflict(all[first].config, all[second].config, where[first] == where[second]);
      if (what.empty()) continue;
      add_line(loaded.problems, "", what, "one would stand by for the other for ever: leave one out");
    }
  }
}

}  // namespace

LoadedConfig load_databases(const ConfigInputs& inputs, FileContents file, const LoadOne& load_one) {
  LoadedConfig loaded;
  loaded.problems = std::move(file.problems);
  if (file.databases.size() > databases_max) {
    add_line(loaded.problems, inputs.file, fmt::format("there are {} databases", file.databases.size()),
             fmt::format("one program takes {} at most: divide them among several", databases_max));
    return loaded;
  }
  const auto common = common_inputs(inputs, file, loaded);
  std::vector<Lines> problems(file.databases.size());
  std::vector<Lines> warnings(file.databases.size());
  for (std::size_t i = 0; i < file.databases.size(); ++i) {
    const auto& section = file.databases[i];
    auto contents = contents_of(file, section.contents);
    take_from_environment(section, inputs, contents, contents.problems);
    auto one = load_one(common, std::move(contents), section.name);
    problems[i] = std::move(one.problems);
    warnings[i] = std::move(one.warnings);
    loaded.secrets.add(one.secrets);
    loaded.databases.push_back({std::move(one.config), std::move(one.origins)});
  }
  merge(loaded.problems, problems, loaded.databases);
  merge(loaded.warnings, warnings, loaded.databases);
  if (loaded.problems.empty()) refuse_conflicts(loaded);
  loaded.config = loaded.databases.front().config;
  loaded.origins = loaded.databases.front().origins;
  return loaded;
}

}  // namespace annals::relayd
