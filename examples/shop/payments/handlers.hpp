#pragma once
#include "annals/eventstore/event_store.hpp"
#include "annals/projections/handlers.hpp"

namespace shop::payments {

/// What the payments service does about topic orders: it collects the money for what was placed. The store and the types must outlive the
/// handlers.
[[nodiscard]] annals::projections::MessageHandlers handlers(const annals::eventstore::EventStore& store,
                                                            const annals::TypeRegistry& types);

}  // namespace shop::payments
