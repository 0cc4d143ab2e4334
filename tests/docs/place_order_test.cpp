#include "place_order.hpp"

#include <gtest/gtest.h>

#include "annals/postgres/connection.hpp"
#include "support/temp_database.hpp"

using namespace annals;

TEST(ReadmePlaceOrder, WritesRowAndEventOrNeither) {
  const tests::TempDatabase temp;
  postgres::Connection direct{temp.database()};
  direct.execute("CREATE TABLE public.orders (id text)");
  const eventstore::EventStore store{temp.database()};
  const auto pool = postgres::make_pqxx_pool(temp.database());

  docs::place_order(*pool, store, "7", "payload");
  EXPECT_EQ(store.read_stream(StreamName{"order-7"}).size(), 1U);
  EXPECT_THROW(docs::place_order(*pool, store, "7", "payload"), docs::OrderExists);
  EXPECT_EQ(direct.query("SELECT count(*) FROM public.orders").bigint(0, 0), 1);
}
