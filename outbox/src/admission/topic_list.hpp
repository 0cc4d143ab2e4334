#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace annals::outbox {

/// The topics that a relay may publish to: exact names, and beginnings with a '*' after them. Empty allows all.
/// Not thread-safe: remembers the last topic that it allowed, because topics come in runs.
class TopicList {
 public:
  /// Throws Error{invalid} for an entry that no topic can match.
  explicit TopicList(const std::vector<std::string>& entries);
  [[nodiscard]] bool allows(std::string_view topic);

 private:
  [[nodiscard]] bool matches(std::string_view topic) const;
  std::vector<std::string> names_;
  std::vector<std::string> prefixes_;
  std::string last_;
  bool all_;
};

}  // namespace annals::outbox
