#pragma once
#include <string_view>

namespace annals::kafka {

/// "shop.orders", "shop.*" or "*", as in EncodingRule.
struct TopicPattern {
  explicit TopicPattern(std::string_view text)
      : name(text.substr(0, text.size() - (text.ends_with('*') ? 1 : 0))), is_prefix(text.ends_with('*')) {}

  [[nodiscard]] bool matches(std::string_view topic) const {
    return is_prefix ? topic.starts_with(name) : topic == name;
  }
  /// Every topic that the other one matches.
  [[nodiscard]] bool covers(const TopicPattern& other) const {
    return is_prefix ? other.name.starts_with(name) : !other.is_prefix && other.name == name;
  }
  /// Some topic is matched by both.
  [[nodiscard]] bool meets(const TopicPattern& other) const { return covers(other) || other.covers(*this); }

  std::string_view name;  ///< borrowed
  bool is_prefix;
};

}  // namespace annals::kafka
