#include "admission/topic_list.hpp"

#include <algorithm>

#include "annals/outbox/message.hpp"

namespace annals::outbox {

TopicList::TopicList(const std::vector<std::string>& entries) : all_(entries.empty()) {
  for (const auto& entry : entries) {
    if (!entry.ends_with('*')) {
      require_topic(entry);
      names_.push_back(entry);
    } else {
      auto prefix = entry.substr(0, entry.size() - 1);
      require_topic(prefix + "x");  // the beginning of some legal name
      prefixes_.push_back(std::move(prefix));
    }
  }
}

bool TopicList::allows(std::string_view topic) {
  if (all_ || topic == last_) return true;
  if (!matches(topic)) return false;
  last_ = topic;
  return true;
}

bool TopicList::matches(std::string_view topic) const {
  return std::any_of(names_.begin(), names_.end(), [&](const auto& name) { return topic == name; }) ||
         std::any_of(prefixes_.begin(), prefixes_.end(), [&](const auto& prefix) { return topic.starts_with(prefix); });
}

}  // namespace annals::outbox
