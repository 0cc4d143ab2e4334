#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "annals/testing/given_matchers.hpp"
#include "orders/order.hpp"
#include "payments/payment.hpp"
#include "shipping/shipment.hpp"

namespace shop {
namespace {

using annals::testing::Decides;
using annals::testing::given;
using orders::Order;
using payments::Payment;
using shipping::Shipment;

template <class Event>
Event of_order_7() {
  Event event;
  event.set_order_id("7");
  return event;
}

v1::OrderPlaced placed(std::int64_t cents) {
  auto event = of_order_7<v1::OrderPlaced>();
  event.set_customer_id("ann");
  event.set_amount_cents(cents);
  return event;
}

v1::OrderCancelled cancelled(const std::string& reason) {
  auto event = of_order_7<v1::OrderCancelled>();
  event.set_reason(reason);
  return event;
}

const auto paid = of_order_7<v1::OrderPaid>();
const auto completed = of_order_7<v1::OrderCompleted>();

auto place_for(std::int64_t cents) {
  return [cents](const Order& order) { return orders::place(order, {"7", "ann", cents}); };
}
auto cancel_because(const std::string& reason) {
  return [reason](const Order& order) { return orders::cancel(order, reason); };
}

TEST(OrderDecisions, PlaceOnce) {
  EXPECT_THAT(given<Order>({}).when(place_for(500)), Decides<Order>({placed(500)}));
  EXPECT_THAT(given<Order>({placed(500)}).when(place_for(500)), Decides<Order>({}));
  given<Order>({}).when(place_for(0)).then_throws<std::invalid_argument>("nothing to pay");
}

TEST(OrderDecisions, ConfirmThePaymentOnce) {
  EXPECT_THAT(given<Order>({placed(500)}).when(orders::confirm_payment), Decides<Order>({paid}));
  EXPECT_THAT(given<Order>({placed(500), paid}).when(orders::confirm_payment), Decides<Order>({}));
  EXPECT_THAT(given<Order>({placed(500), paid, completed}).when(orders::confirm_payment), Decides<Order>({}));
}

TEST(OrderDecisions, CancelOnce) {
  EXPECT_THAT(given<Order>({placed(500)}).when(cancel_because("poor")), Decides<Order>({cancelled("poor")}));
  EXPECT_THAT(given<Order>({placed(500), cancelled("poor")}).when(cancel_because("poor")), Decides<Order>({}));
}

TEST(OrderDecisions, CompleteOnceItIsPaid) {
  EXPECT_THAT(given<Order>({placed(500), paid}).when(orders::complete), Decides<Order>({completed}));
  EXPECT_THAT(given<Order>({placed(500), paid, completed}).when(orders::complete), Decides<Order>({}));
}

TEST(OrderDecisions, RefuseWhatCannotFollow) {
  given<Order>({}).when(orders::confirm_payment).then_throws<std::logic_error>("is none and cannot be paid");
  given<Order>({}).when(orders::complete).then_throws<std::logic_error>("is none");
  given<Order>({placed(500)}).when(orders::complete).then_throws<std::logic_error>("is placed and cannot be completed");
  given<Order>({placed(500), paid}).when(cancel_because("late")).then_throws<std::logic_error>("is paid");
  given<Order>({placed(500), cancelled("poor")})
      .when(orders::confirm_payment)
      .then_throws<std::logic_error>("cancelled");
}

TEST(OrderDecisions, KeepWhoOrderedAndForHowMuch) {
  const auto order = given<Order>({placed(500)}).when(orders::confirm_payment).state_after();
  EXPECT_EQ(order, (Order{Order::State::paid, "7", "ann", 500}));
}

TEST(PaymentDecisions, CollectUpToTheCreditLimit) {
  auto received = of_order_7<v1::PaymentReceived>();
  received.set_amount_cents(payments::credit_limit_cents);
  auto refused = of_order_7<v1::PaymentRefused>();
  refused.set_reason("over the credit limit");
  const auto collect = [](std::int64_t cents) {
    return [cents](const Payment& payment) { return payments::collect(payment, placed(cents)); };
  };
  const auto limit = payments::credit_limit_cents;
  EXPECT_THAT(given<Payment>({}).when(collect(limit)), Decides<Payment>({received}));
  EXPECT_THAT(given<Payment>({}).when(collect(limit + 1)), Decides<Payment>({refused}));
  EXPECT_THAT(given<Payment>({received}).when(collect(limit)), Decides<Payment>({}));
  EXPECT_THAT(given<Payment>({refused}).when(collect(1)), Decides<Payment>({}));
}

TEST(ShipmentDecisions, ShipOnce) {
  const auto ship = [](const Shipment& shipment) { return shipping::ship(shipment, paid); };
  const auto shipped = of_order_7<v1::OrderShipped>();
  EXPECT_THAT(given<Shipment>({}).when(ship), Decides<Shipment>({shipped}));
  EXPECT_THAT(given<Shipment>({shipped}).when(ship), Decides<Shipment>({}));
}

TEST(SampleOrders, AreOneInTenOverTheCreditLimit) {
  int over = 0;
  std::set<std::int64_t> amounts;
  for (std::int64_t number = 1; number <= 1000; ++number) {
    const auto request = orders::sample_order(number);
    over += request.amount_cents > payments::credit_limit_cents ? 1 : 0;
    amounts.insert(request.amount_cents);
  }
  EXPECT_EQ(over, 100);
  EXPECT_EQ(amounts.size(), 1000U);
}

}  // namespace
}  // namespace shop
