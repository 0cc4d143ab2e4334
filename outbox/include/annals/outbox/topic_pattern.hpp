#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace annals::outbox {

/// Which topics a rule is about: "shop.orders", "shop.*" (all that begin so) or "*" (all). A value; const methods are thread-safe.
class TopicPattern {
 public:
  /// Throws Error{invalid} for what no topic can match.
  explicit TopicPattern(std::string_view text);

  [[nodiscard]] bool matches(std::string_view topic) const {
    return is_prefix_ ? topic.starts_with(name_) : topic == name_;
  }
  /// Every topic that the other one matches.
  [[nodiscard]] bool covers(const TopicPattern& other) const;
  /// Some topic is matched by both.
  [[nodiscard]] bool meets(const TopicPattern& other) const { return covers(other) || other.covers(*this); }
  /// Of several that match a topic, that of the highest weight says most of it: the longest, and an exact name before the same with
  /// a '*' behind it.
  [[nodiscard]] std::size_t weight() const noexcept { return name_.size() * 2 + (is_prefix_ ? 0 : 1); }

 private:
  std::string name_;
  bool is_prefix_;
};

}  // namespace annals::outbox
