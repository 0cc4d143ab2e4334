#pragma once
#include "annals/eventstore/event_store.hpp"
#include "annals/projections/handlers.hpp"

namespace shop::shipping {

/// What the shipping service does about topic orders: it ships what was paid. The store and the types must outlive the
/// handlers.
[[nodiscard]] annals::projections::MessageHandlers handlers(const annals::eventstore::EventStore& store,
                                                            const annals::TypeRegistry& types);

}  // namespace shop::shipping
