#include "relay/settings/toml_file.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <optional>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "host/settings/value_text.hpp"
#include "relay/own/own_outbox_section.hpp"
#include "relay/settings/capture_section.hpp"
#include "relay/settings/encoding_section.hpp"
#include "relay/settings/setting.hpp"

namespace annals::relayd {
namespace {

constexpr std::string_view kafka_table = "kafka.settings";

std::string_view type_of(const toml::node& node) {
  if (node.is_string()) return "a string";
  if (node.is_integer()) return "an integer";
  if (node.is_boolean()) return "a boolean";
  if (node.is_array()) return "a list";
  if (node.is_table()) return "a table";
  return node.is_floating_point() ? "a decimal number" : "a date or time";
}

/// The scalar as text; nothing for any other type.
std::optional<std::string> scalar(const toml::node& node) {
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_integer()) return std::to_string(value->get());
  if (const auto* value = node.as_boolean()) return std::string{value->get() ? "true" : "false"};
  return std::nullopt;
}

std::optional<std::string> list(const toml::node& node) {
  const auto* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::string text;
  for (const auto& item : *array) {
    if (!item.is_string()) return std::nullopt;
    text += (text.empty() ? "" : ",") + item.as_string()->get();
  }
  return text;
}

bool fits(ValueKind kind, const toml::node& node) {
  switch (kind) {
    case ValueKind::text: return node.is_string();
    case ValueKind::integer: return node.is_integer();
    case ValueKind::boolean: return node.is_boolean();
    case ValueKind::list: return list(node).has_value();
  }
  return false;
}

class Reader {
 public:
  /// `in_database`: of what is below a [[database]].
  explicit Reader(const std::string& name, bool in_database = false) : name_(name), in_database_(in_database) {}

  FileContents read(const toml::table& root) {
    for (const auto& [key, node] : root) top_level(key, node);
    return std::move(contents_);
  }

 private:
  std::string where(const toml::source_region& source) const { return fmt::format("{}:{}", name_, source.begin.line); }

  void problem(const toml::source_region& source, std::string_view text, std::string_view hint) {
    contents_.problems.push_back(fmt::format("{}: {}. Hint: {}", where(source), text, hint));
  }

  void top_level(const toml::key& key, const toml::node& node) {
    if (key.str() == "route") return routes(node);
    if (key.str() == "encoding") {
      return sections("encoding", node,
                      [this](const toml::table& t) { contents_.encodings.push_back(read_encoding(t, objector())); });
    }
    if (key.str() == "capture") {
      return sections("capture", node,
                      [this](const toml::table& t) { contents_.captures.push_back(read_capture(t, objector())); });
    }
    if (key.str() == "database" && node.is_array()) return databases(node);
    if (key.str() == "own_outbox") {
      return sections("own_outbox", node, [this](const toml::table& t) {
        contents_.own_outboxes.push_back(read_own_outbox(t, objector()));
      });
    }
    if (!is_section(key.str())) return unknown(key, std::string{key.str()});
    const auto* table = node.as_table();
    if (table == nullptr) {
      return problem(key.source(), fmt::format("{} is {}, not a section", key.str(), type_of(node)),
                     fmt::format("write [{}] and the settings under it", key.str()));
    }
    for (const auto& [inner, value] : *table) setting(inner, fmt::format("{}.{}", key.str(), inner.str()), value);
  }

  static bool is_section(std::string_view name) {
    return std::any_of(all_settings().begin(), all_settings().end(),
                       [&](const Setting& setting) { return setting.key.substr(0, setting.key.find('.')) == name; });
  }

  void setting(const toml::key& key, const std::string& path, const toml::node& node) {
    if (path == kafka_table) return kafka_settings(key, node);
    const auto* known = find_setting(path);
    if (known == nullptr) return unknown(key, path);
    if (!fits(known->kind, node)) {
      return problem(key.source(), fmt::format("{} is {}, not {}", path, type_of(node), to_string(known->kind)),
                     known->help);
    }
    auto text = known->kind == ValueKind::list ? list(node) : scalar(node);
    contents_.values.push_back({path, std::move(*text), where(key.source())});
  }

  void unknown(const toml::key& key, const std::string& path) {
    std::vector<std::string_view> names{"route", "encoding", "capture", "own_outbox", kafka_table};
    if (in_database_) names.insert(names.end(), {"database.name", "database.uri_env"});
    for (const auto& setting : all_settings()) {
      names.push_back(setting.key);
      names.push_back(setting.key.substr(0, setting.key.find('.')));
    }
    const auto meant = nearest(path, names);
    problem(key.source(), fmt::format("{} is not a setting", printable(path)),
            meant.empty() ? "see relay.example.toml for all settings" : fmt::format("did you mean {}?", meant));
  }

  /// Dots in librdkafka's names make tables of tables unless they are quoted; both are the same here.
  void kafka_settings(const toml::key& key, const toml::node& node) {
    const auto* table = node.as_table();
    if (table == nullptr) {
      return problem(key.source(), fmt::format("{} is {}, not a section", kafka_table, type_of(node)),
                     "write [kafka.settings] and librdkafka's settings under it");
    }
    flatten("", *table);
  }

  void flatten(const std::string& prefix, const toml::table& table) {
    for (const auto& [key, node] : table) {
      const auto name = prefix + std::string{key.str()};
      if (const auto* inner = node.as_table()) {
        flatten(name + ".", *inner);
      } else if (const auto text = scalar(node); !text) {
        problem(key.source(), fmt::format("{}.{} is {}", kafka_table, printable(name), type_of(node)),
                "give it as a string, an integer, true or false");
      } else if (!contents_.kafka_settings.emplace(name, *text).second) {
        problem(key.source(), fmt::format("{}.{} is there twice", kafka_table, printable(name)), "keep one of them");
      }
    }
  }

  static bool is_list_of_sections(const toml::node& node) {
    const auto* array = node.as_array();
    return array != nullptr &&
           std::all_of(array->begin(), array->end(), [](const auto& item) { return item.is_table(); });
  }

  void databases(const toml::node& node) {
    if (in_database_ || !is_list_of_sections(node)) {
      return problem(node.source(), "database is not a list of sections", "write [[database]] before each database");
    }
    for (const auto& item : *node.as_array()) {
      auto section = Reader{name_, true}.database(*item.as_table());
      auto& problems = section.contents.problems;
      std::ranges::move(problems, std::back_inserter(contents_.problems));
      problems.clear();
      contents_.databases.push_back(std::move(section));
    }
  }

  DatabaseSection database(const toml::table& table) {
    DatabaseSection section{.name = {}, .uri_env = {}, .where = where(table.source()), .contents = {}};
    for (const auto& [key, node] : table) of_database(section, key, node);
    const auto* name = table.get("name");
    if ((name == nullptr || name->is_string()) && !is_database_name(section.name)) {
      problem(table.source(), fmt::format("database.name is \"{}\"", printable(section.name)),
              "give each [[database]] a name of its own: up to 63 letters, digits, and . _ - behind the first");
    }
    section.contents = std::move(contents_);
    return section;
  }

  void of_database(DatabaseSection& section, const toml::key& key, const toml::node& node) {
    const auto path = fmt::format("database.{}", key.str());
    if (path == "database.name") return own_text(section.name, path, key, node);
    if (path == "database.uri_env") return own_text(section.uri_env, path, key, node);
    if (find_setting(path) != nullptr) return setting(key, path, node);
    if (is_of_the_program(key.str())) {
      return problem(key.source(), fmt::format("{} holds for the whole program, not for a database", key.str()),
                     fmt::format("write [{}], before the first [[database]]", key.str()));
    }
    constexpr std::array<std::string_view, 4> lists{"route", "encoding", "own_outbox", "capture"};
    const bool is_known = std::ranges::find(lists, key.str()) != lists.end() || is_section(key.str());
    if (!is_known || key.str() == "database") return unknown(key, path);
    top_level(key, node);
  }

  void own_text(std::string& target, const std::string& path, const toml::key& key, const toml::node& node) {
    if (const auto* text = node.as_string()) {
      target = text->get();
    } else {
      problem(key.source(), fmt::format("{} is {}, not a string", path, type_of(node)), "write it in quotes");
    }
  }

  /// It becomes a label, and part of a path.
  static bool is_database_name(std::string_view name) {
    const auto plain = [](unsigned char c) { return std::isalnum(c) != 0; };
    const auto allowed = [&](unsigned char c) { return plain(c) || c == '.' || c == '_' || c == '-'; };
    return !name.empty() && name.size() <= 63 && plain(name.front()) && std::ranges::all_of(name, allowed);
  }

  [[nodiscard]] Objector objector() {
    return [this](const auto& source, auto text, auto hint) { problem(source, text, hint); };
  }

  template <class Read>
  void sections(std::string_view name, const toml::node& node, Read read) {
    if (!is_list_of_sections(node)) {
      return problem(node.source(), fmt::format("{} is not a list of sections", name),
                     fmt::format("write [[{0}]] before each {0}", name));
    }
    for (const auto& item : *node.as_array()) read(*item.as_table());
  }

  void routes(const toml::node& node) {
    const auto* array = node.as_array();
    if (!is_list_of_sections(node))
      return problem(node.source(), "route is not a list of sections", "write [[route]] before each route");
    for (const auto& item : *array) route(*item.as_table());
  }

  void route(const toml::table& table) {
    for (const auto& [key, node] : table) {
      if (key.str() != "category" && key.str() != "topic") {
        return problem(key.source(), fmt::format("route.{} is not a setting", printable(key.str())),
                       "a route has category and topic");
      }
      if (!node.is_string()) {
        return problem(key.source(), fmt::format("route.{} is {}, not a string", key.str(), type_of(node)),
                       "write it in quotes");
      }
    }
    add_route(table, table["category"].value_or(std::string{}), table["topic"].value_or(std::string{}));
  }

  void add_route(const toml::table& table, std::string category, std::string topic) {
    if (category.empty() || topic.empty()) {
      return problem(table.source(), fmt::format("a route has no {}", category.empty() ? "category" : "topic"),
                     "give category (\"*\" for all others) and topic");
    }
    try {
      relayd::add_route(contents_.routes, {std::move(category), std::move(topic)});
    } catch (const Error& error) {
      problem(table.source(), error.message(), error.hint());
    }
  }

  const std::string& name_;
  const bool in_database_;
  FileContents contents_;
};

}  // namespace

FileContents parse_toml(std::string_view text, const std::string& name) {
  try {
    return Reader{name}.read(toml::parse(text, name));
  } catch (const toml::parse_error& error) {
    // The description may quote the text around the error, which may be a secret.
    const std::string_view description = error.description();
    FileContents contents;
    contents.problems.push_back(
        fmt::format("{}:{}: {}. Hint: a section is written [name] once, a setting name = value, "
                    "a string in quotes",
                    name, error.source().begin.line, description.substr(0, description.find("; saw"))));
    return contents;
  }
}

}  // namespace annals::relayd
