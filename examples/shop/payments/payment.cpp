#include "payments/payment.hpp"

namespace shop::payments {
namespace {

PaymentEvent received(const v1::OrderPlaced& order) {
  v1::PaymentReceived event;
  event.set_order_id(order.order_id());
  event.set_amount_cents(order.amount_cents());
  return event;
}

PaymentEvent refused(const v1::OrderPlaced& order) {
  v1::PaymentRefused event;
  event.set_order_id(order.order_id());
  event.set_reason("over the credit limit");
  return event;
}

}  // namespace

Payment evolve(Payment payment, const PaymentEvent& event) {
  const bool paid = std::holds_alternative<v1::PaymentReceived>(event);
  payment.state = paid ? Payment::State::received : Payment::State::refused;
  return payment;
}

PaymentEvents collect(const Payment& payment, const v1::OrderPlaced& order) {
  if (payment.state != Payment::State::none) return {};
  return {order.amount_cents() <= credit_limit_cents ? received(order) : refused(order)};
}

}  // namespace shop::payments
