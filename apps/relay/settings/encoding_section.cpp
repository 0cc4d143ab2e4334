#include "relay/settings/encoding_section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/text.hpp"

namespace annals::relayd {
namespace {

using kafka::Encoding;
using kafka::EncodingRule;
using kafka::Framing;
using kafka::KeyRule;
using kafka::NamePairs;
using kafka::PartitionRule;
using kafka::SubjectStrategy;

template <class Value, std::size_t size>
using Names = std::array<std::pair<std::string_view, Value>, size>;

constexpr Names<Encoding, 4> formats{{{"cloudevents-binary", Encoding::cloudevents_binary},
                                      {"cloudevents-structured", Encoding::cloudevents_structured},
                                      {"raw", Encoding::raw},
                                      {"debezium", Encoding::debezium}}};
constexpr Names<KeyRule::From, 5> key_sources{{{"message", KeyRule::From::message},
                                               {"id", KeyRule::From::id},
                                               {"none", KeyRule::From::none},
                                               {"header", KeyRule::From::header},
                                               {"constant", KeyRule::From::constant}}};
constexpr Names<Framing, 3> framings{{{"off", Framing::off}, {"prefix", Framing::prefix}, {"header", Framing::header}}};
constexpr Names<SubjectStrategy, 3> subjects{{{"topic", SubjectStrategy::topic},
                                              {"record", SubjectStrategy::record},
                                              {"topic-record", SubjectStrategy::topic_record}}};
constexpr Names<PartitionRule::By, 4> partitions{{{"key", PartitionRule::By::key},
                                                  {"shard", PartitionRule::By::shard},
                                                  {"header", PartitionRule::By::header},
                                                  {"number", PartitionRule::By::number}}};

template <class Value, std::size_t size>
std::optional<Value> find(const Names<Value, size>& names, std::string_view name) {
  const auto* found = std::ranges::find(names, name, &std::pair<std::string_view, Value>::first);
  return found == names.end() ? std::nullopt : std::optional{found->second};
}

template <class Value, std::size_t size>
std::string_view name_of(const Names<Value, size>& names, Value value) {
  return std::ranges::find(names, value, &std::pair<std::string_view, Value>::second)->first;
}

template <class Value, std::size_t size>
std::string list(const Names<Value, size>& names) {
  std::string all;
  for (const auto& [name, value] : names) all.append(all.empty() ? "" : ", ").append(name);
  return all;
}

/// "word" or "word:text".
std::pair<std::string_view, std::string_view> halves(std::string_view text) {
  const auto colon = text.find(':');
  return {text.substr(0, colon), colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1)};
}

class Section {
 public:
  Section(const toml::table& table, const Objector& object) : table_(table), object_(object) {}

  EncodingRule read() {
    for (const auto& [key, node] : table_) member(key, node);
    return std::move(rule_);
  }

 private:
  void member(const toml::key& key, const toml::node& node) {
    const auto name = key.str();
    if (name == "topic") return text(key, node, rule_.topic);
    if (name == "category") return text(key, node, rule_.category);
    if (name == "format") return choice(key, node, formats, rule_.encoding);
    if (name == "key") return take_key(key, node);
    if (name == "partition") return take_partition(key, node);
    if (name == "framing") return choice(key, node, framings, rule_.framing);
    if (name == "subject") return choice(key, node, subjects, rule_.subject);
    if (name == "rename") return pairs(key, node, rule_.rename);
    if (name == "add") return pairs(key, node, rule_.add);
    if (name == "attributes") return pairs(key, node, rule_.attributes);
    if (name == "drop") return texts(key, node, rule_.drop);
    if (name == "tombstone_types") return texts(key, node, rule_.tombstone_types);
    if (name == "tombstone_header") return text(key, node, rule_.tombstone_header);
    unknown(key);
  }

  void unknown(const toml::key& key) {
    static const std::vector<std::string_view> names{
        "topic",   "category", "format",     "key",  "partition",       "rename",          "framing",
        "subject", "add",      "attributes", "drop", "tombstone_types", "tombstone_header"};
    const auto meant = nearest(key.str(), names);
    object_(key.source(), fmt::format("encoding.{} is not a setting", printable(key.str())),
            meant.empty() ? "see [[encoding]] in relay.example.toml" : fmt::format("did you mean {}?", meant));
  }

  void wrong(const toml::key& key, std::string_view what, std::string_view hint) {
    object_(key.source(), fmt::format("encoding.{} {}", key.str(), what), hint);
  }

  void text(const toml::key& key, const toml::node& node, std::string& member) {
    if (const auto* value = node.as_string(); value != nullptr && !value->get().empty()) {
      member = value->get();
    } else {
      wrong(key, "is not a text", "write it in quotes, or leave it out");
    }
  }

  template <class Value, std::size_t size>
  void choice(const toml::key& key, const toml::node& node, const Names<Value, size>& names, Value& member) {
    const auto value = find(names, node.value_or(std::string_view{}));
    if (!value) return wrong(key, "is none of its values", fmt::format("use one of {}", list(names)));
    member = *value;
  }

  void take_key(const toml::key& key, const toml::node& node) {
    const auto [word, rest] = halves(node.value_or(std::string_view{}));
    const auto from = find(key_sources, word);
    const bool names_more = from == KeyRule::From::header || from == KeyRule::From::constant;
    if (!from || names_more == rest.empty()) {
      return wrong(key, "is no key", "use message, id, none, header:NAME or constant:TEXT");
    }
    rule_.key = {.from = *from, .text = std::string{rest}};
  }

  void take_partition(const toml::key& key, const toml::node& node) {
    const auto [word, rest] = halves(node.value_or(std::string_view{}));
    const auto by = find(partitions, word);
    const bool names_header = by == PartitionRule::By::header || by == PartitionRule::By::number;
    if (!by || names_header == rest.empty()) {
      return wrong(key, "is no way to choose a partition", "use key, shard, header:NAME or number:NAME (of a header)");
    }
    rule_.partition = {.by = *by, .header = std::string{rest}};
  }

  void texts(const toml::key& key, const toml::node& node, std::vector<std::string>& member) {
    const auto* array = node.as_array();
    const bool good = array != nullptr &&
                      std::all_of(array->begin(), array->end(), [](const auto& item) { return item.is_string(); });
    if (!good) return wrong(key, "is not a list of texts", "write [\"one\", \"another\"]");
    for (const auto& item : *array) member.push_back(item.as_string()->get());
  }

  void pairs(const toml::key& key, const toml::node& node, NamePairs& member) {
    const auto* table = node.as_table();
    const bool good = table != nullptr && std::all_of(table->begin(), table->end(),
                                                      [](const auto& item) { return item.second.is_string(); });
    if (!good) return wrong(key, "is not a table of texts", "write { \"one\" = \"another\" }");
    for (const auto& [name, value] : *table) member.emplace_back(name.str(), value.as_string()->get());
  }

  const toml::table& table_;
  const Objector& object_;
  EncodingRule rule_;
};

}  // namespace

kafka::EncodingRule read_encoding(const toml::table& table, const Objector& object) {
  return Section{table, object}.read();
}

std::string to_string(const kafka::EncodingRule& rule) {
  auto text = fmt::format("{}{}{}={}", rule.topic, rule.category.empty() ? "" : "/", rule.category,
                          name_of(formats, rule.encoding));
  if (rule.key != KeyRule{}) {
    text += fmt::format(" key={}{}{}", name_of(key_sources, rule.key.from), rule.key.text.empty() ? "" : ":",
                        rule.key.text);
  }
  if (rule.partition != PartitionRule{}) {
    text += fmt::format(" partition={}{}{}", name_of(partitions, rule.partition.by),
                        rule.partition.header.empty() ? "" : ":", rule.partition.header);
  }
  if (rule.framing != Framing::off) {
    text += fmt::format(" framing={} subject={}", name_of(framings, rule.framing), name_of(subjects, rule.subject));
  }
  return text;
}

bool any_by_shard(const kafka::EncodingRules& rules) {
  return std::ranges::any_of(rules,
                             [](const EncodingRule& rule) { return rule.partition.by == PartitionRule::By::shard; });
}

}  // namespace annals::relayd
