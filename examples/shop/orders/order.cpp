#include "orders/order.hpp"

#include <stdexcept>

namespace shop::orders {
namespace {

struct Evolve {
  Order order;

  Order operator()(const v1::OrderPlaced& placed) {
    return {Order::State::placed, placed.order_id(), placed.customer_id(), placed.amount_cents()};
  }
  Order operator()(const v1::OrderPaid&) { return to(Order::State::paid); }
  Order operator()(const v1::OrderCancelled&) { return to(Order::State::cancelled); }
  Order operator()(const v1::OrderCompleted&) { return to(Order::State::completed); }

  Order to(Order::State state) {
    order.state = state;
    return std::move(order);
  }
};

template <class Event>
Event about(const Order& order) {
  Event event;
  event.set_order_id(order.order_id);
  return event;
}

void require(const Order& order, Order::State expected, std::string_view request) {
  if (order.state == expected) return;
  throw std::logic_error{"order \"" + order.order_id + "\" is " + std::string{to_string(order.state)} +
                         " and cannot be " + std::string{request}};
}

}  // namespace

std::string_view to_string(Order::State state) noexcept {
  switch (state) {
    case Order::State::none: return "none";
    case Order::State::placed: return "placed";
    case Order::State::paid: return "paid";
    case Order::State::cancelled: return "cancelled";
    case Order::State::completed: return "completed";
  }
  return "unknown";
}

bool is_final(Order::State state) noexcept {
  return state == Order::State::cancelled || state == Order::State::completed;
}

Order evolve(Order order, const OrderEvent& event) { return std::visit(Evolve{std::move(order)}, event); }

OrderEvents place(const Order& order, const PlaceOrder& request) {
  if (order.state != Order::State::none) return {};
  if (request.amount_cents <= 0) throw std::invalid_argument{"order " + request.order_id + ": nothing to pay"};
  v1::OrderPlaced placed;
  placed.set_order_id(request.order_id);
  placed.set_customer_id(request.customer_id);
  placed.set_amount_cents(request.amount_cents);
  return {placed};
}

OrderEvents confirm_payment(const Order& order) {
  if (order.state == Order::State::paid || order.state == Order::State::completed) return {};
  require(order, Order::State::placed, "paid");
  return {about<v1::OrderPaid>(order)};
}

OrderEvents cancel(const Order& order, const std::string& reason) {
  if (order.state == Order::State::cancelled) return {};
  require(order, Order::State::placed, "cancelled");
  auto cancelled = about<v1::OrderCancelled>(order);
  cancelled.set_reason(reason);
  return {cancelled};
}

OrderEvents complete(const Order& order) {
  if (order.state == Order::State::completed) return {};
  require(order, Order::State::paid, "completed");
  return {about<v1::OrderCompleted>(order)};
}

PlaceOrder sample_order(std::int64_t number) {
  return {.order_id = std::to_string(number),
          .customer_id = "customer-" + std::to_string(number % 37),
          .amount_cents = (number * 7919 % 1000 + 1) * 100};  // 7919 is prime: all amounts from 1.00 to 1000.00
}

}  // namespace shop::orders
