#pragma once
#include <string>
#include <vector>

#include "annals/outbox/claim.hpp"

namespace annals::relayd {

/// "topic", "topic=bytes" or "topic=off", comma-separated. Throws Error{invalid}.
[[nodiscard]] std::vector<outbox::ClaimRule> parse_claim_rules(const std::string& text);
/// The same again.
[[nodiscard]] std::string to_string(const std::vector<outbox::ClaimRule>& rules);

}  // namespace annals::relayd
