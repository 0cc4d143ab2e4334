#include "shipping/handlers.hpp"

#include "service/caused_by.hpp"
#include "service/decision.hpp"
#include "shipping/shipment.hpp"

namespace shop::shipping {

using annals::projections::IncomingMessage;

annals::projections::MessageHandlers handlers(const annals::eventstore::EventStore& store,
                                              const annals::TypeRegistry& types) {
  annals::projections::MessageHandlers handlers;
  handlers.on<v1::OrderPaid>(
      [&](const v1::OrderPaid& order, const IncomingMessage& message, pqxx::transaction_base& tx) {
        const annals::StreamName stream{"shipment-" + order.order_id()};
        decide_and_append<Shipment>(store, tx, types, stream, caused_by(message),
                                    [&](const Shipment& shipment) { return ship(shipment, order); });
      });
  return handlers;
}

}  // namespace shop::shipping
