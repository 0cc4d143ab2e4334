#include "relay/own/own_outbox_section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::relayd {
namespace {

constexpr std::string_view layout_name = "layout";
constexpr std::string_view content_type_name = "content_type";

class Section {
 public:
  Section(const toml::table& table, const Objector& object) : table_(table), object_(object) {}

  OwnOutbox read() {
    layout();
    for (const auto& [key, node] : table_) member(key, node);
    if (!fault_) check();
    return std::move(own_);
  }

 private:
  void wrong(const toml::source_region& where, std::string_view what, std::string_view hint) {
    object_(where, what, hint);
    fault_ = true;
  }

  /// First: what else is said wins over it.
  void layout() {
    const auto* node = table_.get(layout_name);
    if (node == nullptr) return;
    if (node->value_or(std::string_view{}) == "debezium") {
      own_ = debezium_layout();
    } else {
      wrong(node->source(), "own_outbox.layout is none of its values", "use \"debezium\", or leave it out");
    }
  }

  void member(const toml::key& key, const toml::node& node) {
    const auto name = key.str();
    if (name == layout_name) return;
    const auto* value = node.as_string();
    if (value == nullptr) {
      return wrong(key.source(), fmt::format("own_outbox.{} is not a text", printable(name)), "write it in quotes");
    }
    if (name == "table") {
      own_.table = value->get();
    } else if (name == "position") {
      own_.position = value->get();
    } else if (name == content_type_name) {
      content_type(key, value->get());
    } else {
      expression(key, value->get());
    }
  }

  void content_type(const toml::key& key, const std::string& text) {
    if (const auto type = parse_media_type(text)) {
      own_.content_type = *type;
    } else {
      wrong(key.source(), "own_outbox.content_type is none of its values",
            "use application/json, application/protobuf or application/octet-stream");
    }
  }

  void expression(const toml::key& key, const std::string& text) {
    const auto* found = std::ranges::find(own_expressions, key.str(), &NamedExpression::name);
    if (found == std::end(own_expressions)) return unknown(key);
    own_.*(found->member) = text;
  }

  void unknown(const toml::key& key) {
    std::vector<std::string_view> names{layout_name, "table", "position", content_type_name};
    for (const auto& [name, member] : own_expressions) names.push_back(name);
    const auto meant = nearest(key.str(), names);
    wrong(key.source(), fmt::format("own_outbox.{} is not a setting", printable(key.str())),
          meant.empty() ? "see [[own_outbox]] in relay.example.toml" : fmt::format("did you mean {}?", meant));
  }

  void check() {
    try {
      require_valid(own_);
    } catch (const Error& error) {
      wrong(table_.source(), error.message(), error.hint());
    }
  }

  const toml::table& table_;
  const Objector& object_;
  OwnOutbox own_;
  bool fault_ = false;
};

}  // namespace

OwnOutbox read_own_outbox(const toml::table& table, const Objector& object) { return Section{table, object}.read(); }

std::string to_string(const OwnOutbox& own) {
  auto text = fmt::format("{} position={}", own.table, own.position);
  for (const auto& [name, member] : own_expressions) {
    if (!(own.*member).empty()) text += fmt::format(" {}={}", name, printable(own.*member));
  }
  return text;
}

}  // namespace annals::relayd
