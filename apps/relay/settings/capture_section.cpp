#include "relay/settings/capture_section.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "annals/core/text.hpp"

namespace annals::relayd {
namespace {

using outbox::Capture;
using Operations = Capture::Operations;

constexpr std::array<std::pair<std::string_view, bool Operations::*>, 4> operation_names{
    {{"insert", &Operations::inserts},
     {"update", &Operations::updates},
     {"delete", &Operations::deletes},
     {"truncate", &Operations::truncates}}};

class Section {
 public:
  Section(const toml::table& table, const Objector& object) : table_(table), object_(object) {}

  Capture read() {
    for (const auto& [key, node] : table_) member(key, node);
    return std::move(capture_);
  }

 private:
  void member(const toml::key& key, const toml::node& node) {
    const auto name = key.str();
    if (name == "table") return text(key, node, capture_.table);
    if (name == "topic") return text(key, node, capture_.topic);
    if (name == "type") return text(key, node, capture_.type);
    if (name == "key") return static_cast<void>(texts(key, node, capture_.key));
    if (name == "include") return static_cast<void>(texts(key, node, capture_.include));
    if (name == "exclude") return static_cast<void>(texts(key, node, capture_.exclude));
    if (name == "tombstones") return flag(key, node, capture_.tombstones);
    if (name == "before") return flag(key, node, capture_.before);
    if (name == "operations") return operations(key, node);
    unknown(key);
  }

  void unknown(const toml::key& key) {
    static const std::vector<std::string_view> names{"table",   "topic",      "type",   "key",       "include",
                                                     "exclude", "tombstones", "before", "operations"};
    const auto meant = nearest(key.str(), names);
    object_(key.source(), fmt::format("capture.{} is not a setting", printable(key.str())),
            meant.empty() ? "see [[capture]] in relay.example.toml" : fmt::format("did you mean {}?", meant));
  }

  void wrong(const toml::key& key, std::string_view what, std::string_view hint) {
    object_(key.source(), fmt::format("capture.{} {}", key.str(), what), hint);
  }

  void text(const toml::key& key, const toml::node& node, std::string& member) {
    if (const auto* value = node.as_string(); value != nullptr && !value->get().empty()) {
      member = value->get();
    } else {
      wrong(key, "is not a text", "write it in quotes, or leave it out");
    }
  }

  void flag(const toml::key& key, const toml::node& node, bool& member) {
    if (const auto* value = node.as_boolean()) {
      member = value->get();
    } else {
      wrong(key, "is neither true nor false", "write true or false, without quotes");
    }
  }

  /// False: it is no such list.
  bool texts(const toml::key& key, const toml::node& node, std::vector<std::string>& member) {
    const auto* array = node.as_array();
    const bool good = array != nullptr &&
                      std::all_of(array->begin(), array->end(), [](const auto& item) { return item.is_string(); });
    if (!good) {
      wrong(key, "is not a list of texts", "write [\"one\", \"another\"]");
      return false;
    }
    for (const auto& item : *array) member.push_back(item.as_string()->get());
    return true;
  }

  void operations(const toml::key& key, const toml::node& node) {
    std::vector<std::string> words;
    if (!texts(key, node, words)) return;
    capture_.operations = {.inserts = false, .updates = false, .deletes = false, .truncates = false};
    for (const auto& word : words) {
      const auto* found =
          std::ranges::find(operation_names, word, &std::pair<std::string_view, bool Operations::*>::first);
      if (found == operation_names.end()) {
        return wrong(key, fmt::format("has \"{}\", which is none", printable(word)),
                     "use insert, update, delete and truncate");
      }
      capture_.operations.*(found->second) = true;
    }
  }

  const toml::table& table_;
  const Objector& object_;
  Capture capture_;
};

}  // namespace

outbox::Capture read_capture(const toml::table& table, const Objector& object) { return Section{table, object}.read(); }

std::string to_string(const outbox::Capture& capture) {
  auto text = fmt::format("{}={}", capture.table, capture.topic);
  if (!capture.key.empty()) text += fmt::format(" key={}", fmt::join(capture.key, ","));
  std::string operations;
  for (const auto& [name, member] : operation_names) {
    if (capture.operations.*member) operations += fmt::format("{}{}", operations.empty() ? "" : ",", name);
  }
  text += fmt::format(" operations={} type={} tombstones={} before={}", operations, capture.type, capture.tombstones,
                      capture.before);
  if (!capture.include.empty()) text += fmt::format(" include={}", fmt::join(capture.include, ","));
  if (!capture.exclude.empty()) text += fmt::format(" exclude={}", fmt::join(capture.exclude, ","));
  return text;
}

}  // namespace annals::relayd
