#pragma once
#include "annals/eventstore/event_store.hpp"
#include "annals/projections/handlers.hpp"
#include "orders/order.hpp"

/// What the orders service does when it is asked or told. The store and the types must outlive what is made here.
namespace shop::orders {

/// The command, in the caller's transaction. False: the order was placed before.
bool place_order(const annals::eventstore::EventStore& store, pqxx::transaction_base& tx,
                 const annals::TypeRegistry& types, const PlaceOrder& request);

/// The messages of topics payments and shipments.
[[nodiscard]] annals::projections::MessageHandlers handlers(const annals::eventstore::EventStore& store,
                                                            const annals::TypeRegistry& types);

}  // namespace shop::orders
