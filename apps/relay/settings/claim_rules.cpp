#include "relay/settings/claim_rules.hpp"

#include <fmt/format.h>

#include "host/settings/value_text.hpp"

namespace annals::relayd {
namespace {

constexpr std::string_view never = "off";
constexpr std::int64_t bytes_min = 1'024;  // a stub has some hundred itself
constexpr std::int64_t bytes_max = 1LL << 30;

outbox::ClaimRule parse(const std::string& item) {
  const auto equals = item.rfind('=');
  outbox::ClaimRule rule{.topics = item.substr(0, equals)};
  if (equals == std::string::npos) return rule;
  const auto size = item.substr(equals + 1);
  rule.above_bytes = size == never ? 0 : static_cast<std::size_t>(host::parse_integer(size, bytes_min, bytes_max));
  return rule;
}

}  // namespace

std::vector<outbox::ClaimRule> parse_claim_rules(const std::string& text) {
  std::vector<outbox::ClaimRule> rules;
  for (const auto& item : host::split(text, ',')) rules.push_back(parse(item));
  outbox::require_valid(rules);
  return rules;
}

std::string to_string(const std::vector<outbox::ClaimRule>& rules) {
  std::string text;
  for (const auto& rule : rules) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", rule.topics,
                        rule.above_bytes == 0 ? std::string{never} : std::to_string(rule.above_bytes));
  }
  return text;
}

}  // namespace annals::relayd
