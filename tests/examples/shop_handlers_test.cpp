#include <gtest/gtest.h>

#include <map>

#include "annals/core/error.hpp"
#include "annals/postgres/transact.hpp"
#include "annals/projections/inbox.hpp"
#include "annals/testing/memory_source.hpp"
#include "orders/handlers.hpp"
#include "payments/handlers.hpp"
#include "service/decision.hpp"
#include "shipping/handlers.hpp"
#include "support/temp_database.hpp"

namespace shop {
namespace {

using annals::postgres::transact;
using annals::projections::IncomingMessage;
using annals::projections::MessageHandlers;

/// One service's database, and messages as its consumer gets them.
class ShopHandlers : public ::testing::Test {
 protected:
  template <class Event>
  [[nodiscard]] IncomingMessage message(const std::string& order_id, Event event) {
    event.set_order_id(order_id);
    const auto encoded = types_.encode(event);
    IncomingMessage message;
    message.topic = "topic";
    message.id = encoded.id.to_string();
    message.source = "/shop";
    message.type = encoded.type;
    message.content_type = encoded.content_type;
    message.payload = encoded.data;
    message.metadata.correlation_id = "order-" + order_id;
    return message;
  }

  void place(const orders::PlaceOrder& request, bool expected = true) {
    transact(*pool_, [&](pqxx::work& tx) { EXPECT_EQ(orders::place_order(store_, tx, types_, request), expected); });
  }

  /// Through the inbox, `times` times.
  void receive(const std::string& consumer, MessageHandlers handlers, const IncomingMessage& message, int times = 1) {
    annals::projections::Inbox inbox{database_.database(), consumer, types_, std::move(handlers)};
    auto& topic = topics_[consumer];
    for (int i = 0; i < times; ++i) topic.append(message);
    annals::testing::MemorySource source{topic};
    inbox.step(source, std::chrono::milliseconds{0});
  }
  void tell_orders(const IncomingMessage& message, int times = 1) {
    receive("orders", orders::handlers(store_, types_), message, times);
  }
  void tell_payments(const IncomingMessage& message, int times = 1) {
    receive("payments", payments::handlers(store_, types_), message, times);
  }
  void tell_shipping(const IncomingMessage& message, int times = 1) {
    receive("shipping", shipping::handlers(store_, types_), message, times);
  }

  [[nodiscard]] std::vector<annals::RecordedEvent> history(const std::string& stream) const {
    return store_.read_stream(annals::StreamName{stream});
  }
  [[nodiscard]] orders::Order order(const std::string& id) {
    return transact(*pool_, [&](pqxx::work& tx) {
      return load<orders::Order>(store_, tx, types_, annals::StreamName{"order-" + id}).state;
    });
  }

  annals::tests::TempDatabase database_;
  annals::eventstore::EventStore store_{database_.database()};
  std::unique_ptr<annals::postgres::PqxxPool> pool_ = annals::postgres::make_pqxx_pool(database_.database());
  annals::TypeRegistry types_ = event_types();
  std::map<std::string, annals::testing::MemoryLog> topics_;  // by consumer
};

v1::OrderPlaced worth(std::int64_t cents) {
  v1::OrderPlaced placed;
  placed.set_amount_cents(cents);
  return placed;
}

TEST_F(ShopHandlers, TakeAnOrderToItsEnd) {
  place({"7", "ann", 500});
  tell_orders(message("7", v1::PaymentReceived{}));
  tell_orders(message("7", v1::OrderShipped{}));
  EXPECT_EQ(order("7"), (orders::Order{orders::Order::State::completed, "7", "ann", 500}));
  EXPECT_EQ(history("order-7").size(), 3U);
}

TEST_F(ShopHandlers, CancelAnOrderWhosePaymentWasRefused) {
  place({"7", "ann", 99'900});
  v1::PaymentRefused refused;
  refused.set_reason("over the credit limit");
  tell_orders(message("7", refused));
  const auto last = history("order-7").back();
  EXPECT_EQ(types_.decode<v1::OrderCancelled>(last).reason(), "over the credit limit");
}

TEST_F(ShopHandlers, DoNothingASecondTime) {
  place({"7", "ann", 500});
  place({"7", "ann", 500}, false);
  tell_payments(message("7", worth(500)), 3);
  tell_orders(message("7", v1::PaymentReceived{}), 3);
  tell_shipping(message("7", v1::OrderPaid{}), 3);
  EXPECT_EQ(history("payment-7").size(), 1U);
  EXPECT_EQ(history("order-7").size(), 2U);
  EXPECT_EQ(history("shipment-7").size(), 1U);
}

TEST_F(ShopHandlers, DoNothingASecondTimeWithoutTheInboxEither) {
  place({"7", "ann", 500});
  for (int i = 0; i < 2; ++i) tell_payments(message("7", worth(500)));  // another id: only the stream knows
  EXPECT_EQ(history("payment-7").size(), 1U);
}

TEST_F(ShopHandlers, NameTheMessageAsTheCause) {
  const auto placed = message("7", worth(500));
  tell_payments(placed);
  const auto event = history("payment-7").at(0);
  EXPECT_EQ(event.metadata.causation_id, placed.id);
  EXPECT_EQ(event.metadata.correlation_id, "order-7");
}

TEST_F(ShopHandlers, PassOverMessagesOfOthers) {
  tell_payments(message("7", v1::OrderPaid{}));
  tell_shipping(message("7", worth(500)));
  EXPECT_TRUE(history("payment-7").empty());
  EXPECT_TRUE(history("shipment-7").empty());
}

TEST_F(ShopHandlers, StopAtAPaymentForAnOrderThatIsNotThere) {
  EXPECT_THROW(tell_orders(message("7", v1::PaymentReceived{})), annals::Error);
}

TEST_F(ShopHandlers, DecideAgainWhenAnotherWriterWasFirst) {
  place({"7", "ann", 500});
  int decided = 0;
  const auto appended = transact(*pool_, [&](pqxx::work& tx) {
    return decide_and_append<orders::Order>(
        store_, tx, types_, annals::StreamName{"order-7"}, {}, [&](const orders::Order& order) {
          if (++decided == 1) tell_orders(message("7", v1::PaymentReceived{}));  // commits in between
          return order.state == orders::Order::State::placed ? orders::cancel(order, "late") : orders::OrderEvents{};
        });
  });
  EXPECT_EQ(decided, 2);
  EXPECT_EQ(appended, 0U);
  EXPECT_EQ(history("order-7").back().type, "shop.v1.OrderPaid");
}

}  // namespace
}  // namespace shop
