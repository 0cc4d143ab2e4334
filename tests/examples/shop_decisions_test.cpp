#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "orders/order.hpp"
#include "payments/payment.hpp"
#include "shipping/shipment.hpp"

namespace shop {
namespace {

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
