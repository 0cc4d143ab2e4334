#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/topic_pattern.hpp"

namespace annals::outbox {

/// Rules that each are about the topics that its member `topics` matches: of several the longest holds. Immutable; const methods
/// are thread-safe.
template <class Rule>
class TopicRules {
 public:
  /// Throws Error{invalid} for a rule that no topic can match, and two for the same topics.
  explicit TopicRules(const std::vector<Rule>& rules) {
    rules_.reserve(rules.size());
    for (const auto& rule : rules) rules_.emplace_back(rule.topics, rule);
    std::ranges::sort(rules_, [](const auto& a, const auto& b) {
      const auto weights = std::pair{a.first.weight(), b.first.weight()};
      return weights.first != weights.second ? weights.first > weights.second : a.second.topics < b.second.topics;
    });
    const auto twice = std::ranges::adjacent_find(rules_, {}, [](const auto& rule) { return rule.second.topics; });
    if (twice != rules_.end()) {
      throw invalid(fmt::format("two rules for topic {}", printable(twice->second.topics)), "keep one of them");
    }
  }

  /// Null where none matches.
  [[nodiscard]] const Rule* find(std::string_view topic) const {
    const auto found = std::ranges::find_if(rules_, [&](const auto& rule) { return rule.first.matches(topic); });
    return found == rules_.end() ? nullptr : &found->second;
  }

 private:
  std::vector<std::pair<TopicPattern, Rule>> rules_;  ///< the one that says most first
};

}  // namespace annals::outbox
