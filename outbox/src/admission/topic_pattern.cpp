#include "annals/outbox/topic_pattern.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"

namespace annals::outbox {

TopicPattern::TopicPattern(std::string_view text)
    : name_(text.substr(0, text.size() - (text.ends_with('*') ? 1 : 0))), is_prefix_(text.ends_with('*')) {
  try {
    require_topic(is_prefix_ ? name_ + "x" : name_);  // some topic that it matches
  } catch (const Error&) {
    throw invalid(fmt::format("\"{}\" matches no topic", printable(text)),
                  "give a topic's name, or how names begin with a '*' after it");
  }
}

bool TopicPattern::covers(const TopicPattern& other) const {
  return is_prefix_ ? other.name_.starts_with(name_) : !other.is_prefix_ && other.name_ == name_;
}

}  // namespace annals::outbox
