#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "service/event_types.hpp"
#include "shop.pb.h"
#include "verify/checks.hpp"

namespace shop::verify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class Event>
void record(Service& service, const std::string& stream, std::int64_t version, const Event& value) {
  static const auto types = event_types();
  const auto encoded = types.encode(value);
  annals::RecordedEvent event;
  event.stream = annals::StreamName{stream};
  event.version = annals::StreamVersion{version};
  event.id = encoded.id;
  event.type = encoded.type;
  event.content_type = encoded.content_type;
  event.data = encoded.data;
  service.history.push_back(event);
  service.published.push_back({.topic = service.topic,
                               .partition = 0,
                               .offset = static_cast<std::int64_t>(service.published.size()),
                               .key = stream,
                               .id = event.id.to_string(),
                               .stream = stream,
                               .version = version});
}

v1::OrderPlaced placed(const std::string& id, std::int64_t cents) {
  v1::OrderPlaced event;
  event.set_order_id(id);
  event.set_customer_id("ann");
  event.set_amount_cents(cents);
  return event;
}

/// Order 1 was paid and shipped, order 2 refused: all promises kept.
Evidence honest() {
  Evidence shop;
  shop.orders.topic = "orders";
  shop.payments.topic = "payments";
  shop.shipments.topic = "shipments";
  record(shop.orders, "order-1", 1, placed("1", 500));
  record(shop.orders, "order-2", 1, placed("2", 99'900));
  record(shop.payments, "payment-1", 1, v1::PaymentReceived{});
  record(shop.payments, "payment-2", 1, v1::PaymentRefused{});
  record(shop.orders, "order-1", 2, v1::OrderPaid{});
  record(shop.orders, "order-2", 2, v1::OrderCancelled{});
  record(shop.shipments, "shipment-1", 1, v1::OrderShipped{});
  record(shop.orders, "order-1", 3, v1::OrderCompleted{});
  shop.status = {{"1", "ann", "completed", 500}, {"2", "ann", "cancelled", 99'900}};
  return shop;
}

TEST(ShopChecks, PassWhenAllPromisesAreKept) {
  for (const auto& check : all_checks()) EXPECT_THAT(check.run(honest()), IsEmpty()) << check.promise;
}

TEST(ShopChecks, CountWhatHappened) {
  auto shop = honest();
  shop.orders.published.push_back(shop.orders.published.front());
  const auto figures = count(shop);
  EXPECT_EQ(figures.placed, 2U);
  EXPECT_EQ(figures.completed, 1U);
  EXPECT_EQ(figures.cancelled, 1U);
  EXPECT_EQ(figures.events, 8U);
  EXPECT_EQ(figures.published, 9U);
  EXPECT_EQ(figures.duplicates, 1U);
}

// From here on each case breaks one promise and expects the check to see it.

TEST(OrdersEndRight, FindsAnOrderThatGotStuck) {
  auto shop = honest();
  shop.orders.history.pop_back();
  EXPECT_THAT(orders_end_right(shop), ElementsAre(HasSubstr("order 1 is paid instead of completed")));
}

TEST(OrdersEndRight, FindsACancelledOrderThatWasPaid) {
  auto shop = honest();
  shop.orders.history.pop_back();
  shop.orders.history.pop_back();  // OrderCancelled of 2 is last now
  std::erase_if(shop.orders.history, [](const auto& event) { return event.type == "shop.v1.OrderPaid"; });
  record(shop.orders, "order-1", 2, v1::OrderCancelled{});
  EXPECT_THAT(orders_end_right(shop), testing::Contains(HasSubstr("order 1 is cancelled instead of completed")));
}

TEST(OrdersEndRight, FindsACompletedOrderThatWasRefused) {
  auto shop = honest();
  record(shop.orders, "order-2", 3, v1::OrderCompleted{});
  EXPECT_THAT(orders_end_right(shop), ElementsAre(HasSubstr("order 2 is completed instead of cancelled")));
}

TEST(EffectsHappenOnce, FindsAPaymentCollectedTwice) {
  auto shop = honest();
  record(shop.payments, "payment-1", 2, v1::PaymentReceived{});
  EXPECT_THAT(effects_happen_once(shop), ElementsAre("payment 1 happened 2 times instead of 1"));
}

TEST(EffectsHappenOnce, FindsAShipmentThatIsMissing) {
  auto shop = honest();
  shop.shipments.history.clear();
  EXPECT_THAT(effects_happen_once(shop), ElementsAre("shipment 1 happened 0 times instead of 1"));
}

TEST(EffectsHappenOnce, FindsAShipmentOfACancelledOrder) {
  auto shop = honest();
  record(shop.shipments, "shipment-2", 1, v1::OrderShipped{});
  EXPECT_THAT(effects_happen_once(shop), ElementsAre("shipment 2 happened 1 times instead of 0"));
}

TEST(EffectsHappenOnce, FindsAPaymentForNothing) {
  auto shop = honest();
  record(shop.payments, "payment-3", 1, v1::PaymentReceived{});
  EXPECT_THAT(effects_happen_once(shop), ElementsAre(HasSubstr("payment 3 without an order")));
}

TEST(NothingIsLost, FindsAnEventThatIsNotOnKafka) {
  auto shop = honest();
  shop.payments.published.erase(shop.payments.published.begin());
  EXPECT_THAT(nothing_is_lost(shop), ElementsAre("payment-1@1 is not on payments"));
}

TEST(NothingIsInvented, FindsARecordWithoutAnEvent) {
  auto shop = honest();
  shop.shipments.published.front().id = annals::EventId::generate().to_string();
  EXPECT_THAT(nothing_is_invented(shop), ElementsAre(HasSubstr("shipments[0]@0 is no event of the store")));
}

TEST(NothingIsInvented, FindsARecordUnderAWrongKey) {
  auto shop = honest();
  shop.orders.published.front().key = "order-2";
  EXPECT_THAT(nothing_is_invented(shop), ElementsAre(HasSubstr("orders[0]@0")));
}

TEST(KeysKeepTheirOrder, AcceptsARepeatedTail) {
  auto shop = honest();
  const auto again = shop.orders.published;
  shop.orders.published.insert(shop.orders.published.end(), again.begin(), again.end());
  EXPECT_THAT(keys_keep_their_order(shop), IsEmpty());
}

TEST(KeysKeepTheirOrder, FindsASuccessorThatOvertook) {
  auto shop = honest();
  auto& records = shop.orders.published;
  std::swap(records.at(0), records.at(2));  // order-1 version 2 before version 1
  EXPECT_THAT(keys_keep_their_order(shop), testing::Contains(HasSubstr("order-1@2 follows @0")));
}

TEST(KeysKeepTheirOrder, FindsAKeyOnTwoPartitions) {
  auto shop = honest();
  shop.orders.published.at(2).partition = 3;
  EXPECT_THAT(keys_keep_their_order(shop), ElementsAre(HasSubstr("order-1 changed partition")));
}

TEST(ReadModelEqualsHistory, FindsAStaleRow) {
  auto shop = honest();
  shop.status.front().state = "paid";
  EXPECT_THAT(read_model_equals_history(shop), ElementsAre("order_status says 1 is paid, the history says completed"));
}

TEST(ReadModelEqualsHistory, FindsAWrongAmount) {
  auto shop = honest();
  shop.status.front().amount_cents = 5;
  EXPECT_EQ(read_model_equals_history(shop).size(), 1U);
}

TEST(ReadModelEqualsHistory, FindsRowsMissingInventedAndDoubled) {
  auto shop = honest();
  shop.status = {{"1", "ann", "completed", 500}, {"1", "ann", "completed", 500}, {"7", "ann", "placed", 1}};
  EXPECT_THAT(read_model_equals_history(shop),
              ElementsAre(HasSubstr("has it twice: 1"), HasSubstr("does not have, or has it twice: 7"),
                          HasSubstr("lacks order 2")));
}

TEST(ShopChecks, RefuseAnAlienEvent) {
  auto shop = honest();
  shop.orders.history.front().type = "shop.v1.OrderShipped";
  EXPECT_THROW(static_cast<void>(orders_end_right(shop)), annals::Error);
}

}  // namespace
}  // namespace shop::verify
