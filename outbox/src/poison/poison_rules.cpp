#include "poison/poison_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"

namespace annals::outbox {
namespace {

void check(const PoisonRule& rule) {
  if (rule.dead_letter_topic.empty()) return;
  require_topic(rule.dead_letter_topic);
  if (rule.policy != PoisonPolicy::dead_letter) {
    throw invalid(fmt::format("the rule for topic {} has a dead-letter topic and another policy", rule.topics),
                  "make its policy dead_letter, or remove the topic");
  }
}

}  // namespace

PoisonRules::PoisonRules(const std::vector<PoisonRule>& rules) {
  for (const auto& rule : rules) {
    check(rule);
    rules_.emplace_back(rule.topics, rule);
  }
  std::ranges::sort(rules_, [](const auto& a, const auto& b) {
    const auto weights = std::pair{a.first.weight(), b.first.weight()};
    return weights.first != weights.second ? weights.first > weights.second : a.second.topics < b.second.topics;
  });
  const auto twice = std::ranges::adjacent_find(rules_, {}, [](const auto& rule) { return rule.second.topics; });
  if (twice != rules_.end()) {
    throw invalid(fmt::format("two rules for topic {}", printable(twice->second.topics)), "keep one of them");
  }
}

void require_valid(const std::vector<PoisonRule>& rules) { (void)PoisonRules{rules}; }

const PoisonRule& PoisonRules::of(std::string_view topic) const {
  static const PoisonRule halt{.topics = "*"};
  const auto found = std::ranges::find_if(rules_, [&](const auto& rule) { return rule.first.matches(topic); });
  return found == rules_.end() ? halt : found->second;
}

}  // namespace annals::outbox
