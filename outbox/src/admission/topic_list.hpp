#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "annals/outbox/topic_pattern.hpp"

namespace annals::outbox {

/// The topics that a relay may publish to. Empty allows all.
/// Not thread-safe: remembers the last topic that it allowed, because topics come in runs.
class TopicList {
 public:
  /// Throws Error{invalid} for an entry that no topic can match.
  explicit TopicList(const std::vector<std::string>& entries);
  [[nodiscard]] bool allows(std::string_view topic);

 private:
  std::vector<TopicPattern> patterns_;
  std::string last_;
};

}  // namespace annals::outbox
