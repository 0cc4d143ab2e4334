#include "payments/handlers.hpp"

#include "payments/payment.hpp"
#include "service/caused_by.hpp"
#include "service/decision.hpp"

namespace shop::payments {

using annals::projections::IncomingMessage;

annals::projections::MessageHandlers handlers(const annals::eventstore::EventStore& store,
                                              const annals::TypeRegistry& types) {
  annals::projections::MessageHandlers handlers;
  handlers.on<v1::OrderPlaced>(
      [&](const v1::OrderPlaced& order, const IncomingMessage& message, pqxx::transaction_base& tx) {
        const annals::StreamName stream{"payment-" + order.order_id()};
        decide_and_append<Payment>(store, tx, types, stream, caused_by(message),
                                   [&](const Payment& payment) { return collect(payment, order); });
      });
  return handlers;
}

}  // namespace shop::payments
