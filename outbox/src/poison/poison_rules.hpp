#pragma once
#include <string_view>
#include <vector>

#include "admission/topic_rules.hpp"
#include "annals/outbox/relay.hpp"

namespace annals::outbox {

/// Which of a relay's rules holds for a topic. Immutable; const methods are thread-safe.
class PoisonRules {
 public:
  /// Throws Error{invalid} for a rule that no topic can match, two for the same topics, and a dead-letter topic that is none.
  explicit PoisonRules(const std::vector<PoisonRule>& rules);

  /// The rule of the longest match; PoisonPolicy::halt where none matches.
  [[nodiscard]] const PoisonRule& of(std::string_view topic) const;

 private:
  TopicRules<PoisonRule> rules_;
};

}  // namespace annals::outbox
