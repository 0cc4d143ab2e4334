#include "orders/handlers.hpp"

#include "service/caused_by.hpp"
#include "service/decision.hpp"

namespace shop::orders {
namespace {

using annals::projections::IncomingMessage;
using Transaction = pqxx::transaction_base;

annals::StreamName stream_of(const std::string& order_id) { return annals::StreamName{"order-" + order_id}; }

}  // namespace

bool place_order(const annals::eventstore::EventStore& store, pqxx::transaction_base& tx,
                 const annals::TypeRegistry& types, const PlaceOrder& request) {
  const annals::Metadata metadata{.correlation_id = "order-" + request.order_id};
  return decide_and_append<Order>(store, tx, types, stream_of(request.order_id), metadata,
                                  [&](const Order& order) { return place(order, request); }) > 0;
}

annals::projections::MessageHandlers handlers(const annals::eventstore::EventStore& store,
                                              const annals::TypeRegistry& types) {
  const auto about = [&](const auto& event, const IncomingMessage& message, Transaction& tx, auto decide) {
    decide_and_append<Order>(store, tx, types, stream_of(event.order_id()), caused_by(message), decide);
  };
  annals::projections::MessageHandlers handlers;
  handlers.on<v1::PaymentReceived>([=](const v1::PaymentReceived& received, const IncomingMessage& message,
                                       Transaction& tx) { about(received, message, tx, confirm_payment); });
  handlers.on<v1::PaymentRefused>(
      [=](const v1::PaymentRefused& refused, const IncomingMessage& message, Transaction& tx) {
        about(refused, message, tx, [&](const Order& order) { return cancel(order, refused.reason()); });
      });
  handlers.on<v1::OrderShipped>([=](const v1::OrderShipped& shipped, const IncomingMessage& message, Transaction& tx) {
    about(shipped, message, tx, complete);
  });
  return handlers;
}

}  // namespace shop::orders
