#pragma once
#include <cstddef>
#include <vector>

#include "annals/outbox/claim_store.hpp"
#include "annals/projections/source.hpp"

namespace annals::kafka {

/// Puts the payload of each message from `first` on that came as a claim in its place. A claim that cannot be redeemed, because it is
/// gone, is not what it says, or there is no store, leaves what stands for it and says why in message.damaged. Throws what the
/// store throws; then that message and those after it are not among the messages.
void redeem_claims(outbox::ClaimStore* store, std::size_t first, std::vector<projections::IncomingMessage>& messages);

}  // namespace annals::kafka
