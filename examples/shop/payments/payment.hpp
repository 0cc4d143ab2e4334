#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "shop.pb.h"

/// One attempt to collect the money for an order, as pure functions.
namespace shop::payments {

/// What the shop lends a customer: dearer orders are refused.
inline constexpr std::int64_t credit_limit_cents = 900'00;

using PaymentEvent = std::variant<v1::PaymentReceived, v1::PaymentRefused>;
using PaymentEvents = std::vector<PaymentEvent>;

struct Payment {
  using Event = PaymentEvent;
  enum class State { none, received, refused };
  State state = State::none;

  bool operator==(const Payment&) const = default;
};

[[nodiscard]] Payment evolve(Payment payment, const PaymentEvent& event);

/// Collects once: a payment that was decided stays decided, however often the order is announced.
[[nodiscard]] PaymentEvents collect(const Payment& payment, const v1::OrderPlaced& order);

}  // namespace shop::payments
