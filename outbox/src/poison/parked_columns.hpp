#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "annals/outbox/relay.hpp"
#include "annals/postgres/params.hpp"

namespace annals::outbox {

/// What the columns of relay_parked and relay_decisions hold, for all who write and read them.
inline constexpr std::string_view park_text = "park";

[[nodiscard]] inline std::string_view policy_text(PoisonPolicy policy) {
  return policy == PoisonPolicy::park ? park_text : "dead-letter";
}
[[nodiscard]] inline PoisonPolicy policy_of(std::string_view text) {
  return text == park_text ? PoisonPolicy::park : PoisonPolicy::dead_letter;
}

/// name, value, name, value …
template <class Headers>
void add_headers(postgres::Params& params, const Headers& headers) {
  std::vector<std::optional<std::string_view>> texts;
  texts.reserve(headers.size() * 2);
  for (const auto& [name, value] : headers) {
    texts.emplace_back(name);
    texts.emplace_back(value);
  }
  params.text_array(texts);
}

}  // namespace annals::outbox
