#pragma once
#include "annals/outbox/claim_store.hpp"
#include "annals/projections/source.hpp"

namespace annals::kafka {

/// Puts the payload of a message that came as a claim in its place. A claim that cannot be redeemed, because it is gone, is not what it
/// says, or there is no store, leaves what stands for it and says why in message.damaged. Throws what the store throws; then the message is
/// as it was.
void redeem_claim(outbox::ClaimStore* store, projections::IncomingMessage& message);

}  // namespace annals::kafka
