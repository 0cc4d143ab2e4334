#include "admission/topic_list.hpp"

#include <algorithm>

namespace annals::outbox {

TopicList::TopicList(const std::vector<std::string>& entries) : patterns_(entries.begin(), entries.end()) {}

bool TopicList::allows(std::string_view topic) {
  if (patterns_.empty() || topic == last_) return true;
  if (std::ranges::none_of(patterns_, [&](const auto& pattern) { return pattern.matches(topic); })) return false;
  last_ = topic;
  return true;
}

}  // namespace annals::outbox
