#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shop.pb.h"

/// The life of one order, as pure functions: what has happened decides what may happen. No I/O, no clock, no database.
///
///     none --place--> placed --confirm_payment--> paid --complete--> completed
///                       \------cancel-----------> cancelled
namespace shop::orders {

using OrderEvent = std::variant<v1::OrderPlaced, v1::OrderPaid, v1::OrderCancelled, v1::OrderCompleted>;
using OrderEvents = std::vector<OrderEvent>;

struct Order {
  using Event = OrderEvent;
  enum class State { none, placed, paid, cancelled, completed };

  State state = State::none;
  std::string order_id;
  std::string customer_id;
  std::int64_t amount_cents = 0;

  bool operator==(const Order&) const = default;
};

[[nodiscard]] std::string_view to_string(Order::State state) noexcept;
[[nodiscard]] bool is_final(Order::State state) noexcept;

/// The order after one more event. Events are facts: nothing is refused here.
[[nodiscard]] Order evolve(Order order, const OrderEvent& event);

// Decisions: the events that follow from a request. No events: it was done before. std::logic_error: it cannot follow;
// whoever asks is wrong, and carrying on would lose something.

struct PlaceOrder {
  std::string order_id;
  std::string customer_id;
  std::int64_t amount_cents = 0;
};
/// The amount must be positive.
[[nodiscard]] OrderEvents place(const Order& order, const PlaceOrder& request);
[[nodiscard]] OrderEvents confirm_payment(const Order& order);
/// The compensation: the money did not come.
[[nodiscard]] OrderEvents cancel(const Order& order, const std::string& reason);
[[nodiscard]] OrderEvents complete(const Order& order);

/// The n-th order of the demonstration: the same customers and amounts in every run, one in ten above 900.00.
[[nodiscard]] PlaceOrder sample_order(std::int64_t number);

}  // namespace shop::orders
