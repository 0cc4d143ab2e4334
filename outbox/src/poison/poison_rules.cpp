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

PoisonRules::PoisonRules(const std::vector<PoisonRule>& rules) : rules_(rules) { std::ranges::for_each(rules, check); }

void require_valid(const std::vector<PoisonRule>& rules) { (void)PoisonRules{rules}; }

const PoisonRule& PoisonRules::of(std::string_view topic) const {
  static const PoisonRule halt{.topics = "*"};
  const auto* found = rules_.find(topic);
  return found == nullptr ? halt : *found;
}

}  // namespace annals::outbox
