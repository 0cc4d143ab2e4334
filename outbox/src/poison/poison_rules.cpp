#include "poison/poison_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"

namespace annals::outbox {
namespace {

void check(const PoisonRule& rule) {
  if (rule.topics != "*") {
    const auto prefix = rule.topics.ends_with('*');
    require_topic(prefix ? rule.topics.substr(0, rule.topics.size() - 1) + "x" : rule.topics);
  }
  if (rule.dead_letter_topic.empty()) return;
  require_topic(rule.dead_letter_topic);
  if (rule.policy != PoisonPolicy::dead_letter) {
    throw invalid(fmt::format("the rule for topic {} has a dead-letter topic and another policy", rule.topics),
                  "make its policy dead_letter, or remove the topic");
  }
}

bool matches(std::string_view pattern, std::string_view topic) {
  if (!pattern.ends_with('*')) return topic == pattern;
  pattern.remove_suffix(1);
  return topic.starts_with(pattern);
}

}  // namespace

PoisonRules::PoisonRules(std::vector<PoisonRule> rules) : rules_(std::move(rules)) {
  for (const auto& rule : rules_) check(rule);
  // The longest pattern first; of an exact name and the same with a '*' the exact one.
  std::ranges::sort(rules_, [](const auto& a, const auto& b) {
    const auto weight = [](const PoisonRule& rule) {
      return rule.topics.ends_with('*') ? (rule.topics.size() - 1) * 2 : rule.topics.size() * 2 + 1;
    };
    return weight(a) != weight(b) ? weight(a) > weight(b) : a.topics < b.topics;
  });
  const auto twice = std::ranges::adjacent_find(rules_, {}, &PoisonRule::topics);
  if (twice != rules_.end()) {
    throw invalid(fmt::format("two rules for topic {}", printable(twice->topics)), "keep one of them");
  }
}

void require_valid(const std::vector<PoisonRule>& rules) { (void)PoisonRules{rules}; }

const PoisonRule& PoisonRules::of(std::string_view topic) const {
  static const PoisonRule halt{.topics = "*"};
  const auto found = std::ranges::find_if(rules_, [&](const auto& rule) { return matches(rule.topics, topic); });
  return found == rules_.end() ? halt : *found;
}

}  // namespace annals::outbox
