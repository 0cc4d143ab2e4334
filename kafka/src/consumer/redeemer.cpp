#include "consumer/redeemer.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "annals/outbox/claim.hpp"

namespace annals::kafka {
namespace {

using projections::IncomingMessage;

/// CloudEvents' name of it, which structured events have in their value.
constexpr std::string_view dataref = "ce_dataref";

bool is_claim(const std::pair<std::string, std::string>& header) {
  return header.first == outbox::claim_header || (header.first == dataref && outbox::parse_claim(header.second));
}

}  // namespace

void redeem_claim(outbox::ClaimStore* store, IncomingMessage& message) {
  auto& headers = message.metadata.headers;
  const auto found = std::ranges::find_if(headers, is_claim);
  if (found == headers.end() || !message.damaged.empty()) return;
  if (store == nullptr) {
    message.damaged = "its payload is a claim, and the source has no claim store (KafkaSourceOptions::claims)";
    return;
  }
  auto redeemed = outbox::redeem(*store, found->second);
  message.damaged = std::move(redeemed.fault);
  if (!message.damaged.empty()) return;
  message.payload = std::move(redeemed.payload);
  std::erase_if(headers, is_claim);  // it is whole
}

}  // namespace annals::kafka
