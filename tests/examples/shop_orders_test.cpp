#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

#include "annals/core/clock.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/projections/runner.hpp"
#include "orders/handlers.hpp"
#include "orders/http.hpp"
#include "orders/order_status.hpp"
#include "orders/status_table.hpp"
#include "program.hpp"
#include "service/decision.hpp"
#include "support/temp_database.hpp"

namespace shop::orders {
namespace {

using annals::postgres::transact;
using testing::HasSubstr;

/// The orders service's database with its read model.
class OrderStatusModel : public testing::Test {
 protected:
  OrderStatusModel() {
    database_.add_tables(status_schema());
    for (const auto* id : {"1", "2", "3"}) place(id);
    append("1", [](const Order& order) { return confirm_payment(order); });
    append("2", [](const Order& order) { return cancel(order, "refused"); });
  }

  void place(const std::string& id) {
    transact(*pool_, [&](pqxx::work& tx) { place_order(store_, tx, types_, {id, "ann", 500}); });
  }
  template <class Decide>
  void append(const std::string& id, Decide decide) {
    transact(*pool_, [&](pqxx::work& tx) {
      decide_and_append<Order>(store_, tx, types_, annals::StreamName{"order-" + id}, {}, decide);
    });
  }
  void project() {
    const auto projection = order_status();
    annals::SystemClock clock;
    annals::projections::Runner runner{database_.database(), projection, types_, clock};
    while (runner.step(std::chrono::milliseconds{0}).state != annals::projections::StepReport::State::idle) {
    }
  }
  [[nodiscard]] std::string state(const std::string& id) {
    const auto status = transact(*pool_, [&](pqxx::work& tx) { return find_status(tx, id); });
    return status ? status->state : "missing";
  }

  annals::tests::TempDatabase database_;
  annals::eventstore::EventStore store_{database_.database()};
  std::unique_ptr<annals::postgres::PqxxPool> pool_ = annals::postgres::make_pqxx_pool(database_.database());
  annals::TypeRegistry types_ = event_types();
};

TEST_F(OrderStatusModel, FollowsTheHistory) {
  project();
  EXPECT_EQ(state("1"), "paid");
  EXPECT_EQ(state("2"), "cancelled");
  EXPECT_EQ(state("3"), "placed");
  EXPECT_EQ(state("4"), "missing");
  append("1", [](const Order& order) { return complete(order); });
  project();
  EXPECT_EQ(state("1"), "completed");
}

TEST_F(OrderStatusModel, IsServedOverHttp) {
  project();
  StatusServer server{*pool_, {}};
  const std::jthread serving{[&](const std::stop_token& stop) { server.serve(stop); }};
  httplib::Client client{"127.0.0.1", server.port()};

  const auto one = client.Get("/orders/1");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->status, 200);
  EXPECT_THAT(one->body, HasSubstr(R"("state":"paid")"));
  EXPECT_THAT(one->body, HasSubstr(R"("amount_cents":500)"));

  const auto placed = client.Get("/orders?state=placed");
  ASSERT_TRUE(placed);
  EXPECT_THAT(placed->body, HasSubstr(R"("order_id":"3")"));
  EXPECT_THAT(placed->body, testing::Not(HasSubstr(R"("order_id":"1")")));

  const auto none = client.Get("/orders/44");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->status, 404);
}

TEST_F(OrderStatusModel, IsServedToWhoAsksForThisHostOnly) {
  project();
  StatusServer server{*pool_, {}};
  const std::jthread serving{[&](const std::stop_token& stop) { server.serve(stop); }};
  httplib::Client client{"127.0.0.1", server.port()};
  const auto status = [&](const std::string& host) {
    const auto answer = client.Get("/orders/1", httplib::Headers{{"Host", host}});
    return answer ? answer->status : 0;
  };
  const auto port = ":" + std::to_string(server.port());
  EXPECT_EQ(status("127.0.0.1" + port), 200);
  EXPECT_EQ(status("localhost"), 200);
  for (const auto* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:127.0.0.1",
                           "user@127.0.0.1"}) {
    EXPECT_EQ(status(host + port), 403) << host;
    EXPECT_EQ(status(host), 403) << host;
  }
}

TEST_F(OrderStatusModel, TellsAClientNothingOfTheDatabase) {
  StatusServer server{*pool_, {}};
  const std::jthread serving{[&](const std::stop_token& stop) { server.serve(stop); }};
  annals::postgres::Connection{database_.superuser()}.execute("DROP TABLE public.order_status");
  const auto answer = httplib::Client{"127.0.0.1", server.port()}.Get("/orders/1");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "{\"error\":\"not available now; try again\"}\n");
}

/// Whoever misspelt an option should not hear first of one that they did not know.
TEST(OrdersProgram, NamesWhatItDoesNotKnowBeforeWhatItLacks) {
  const auto orders = "env -u ORDERS_DATABASE " + annals::tests::quoted(ORDERS_PROGRAM);
  const auto unknown = annals::tests::run(orders + " --nope");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.output, HasSubstr("--nope"));
  const auto misspelt = annals::tests::run(orders + " statsu 1");
  EXPECT_EQ(misspelt.status, 2);
  EXPECT_THAT(misspelt.output, HasSubstr("\"statsu\" is not understood\nhint: did you mean status? orders --help"));
  const auto lacking = annals::tests::run(orders + " init");
  EXPECT_EQ(lacking.status, 2);
  EXPECT_THAT(lacking.output, HasSubstr("--database is required\nhint: give --database, or set ORDERS_DATABASE; "));
}

TEST(OrdersProgram, RefusesNumbersThatCannotBeMeant) {
  const auto orders = "ORDERS_DATABASE=host=/nowhere " + annals::tests::quoted(ORDERS_PROGRAM);
  for (const auto* arguments : {" run --port 99999", " run --port -1", " place 0", " place -3", " place 1 --first 0"}) {
    const auto outcome = annals::tests::run(orders + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << outcome.output;
  }
}

TEST(OrdersProgram, NamesItsOwnCommandThatMakesTheTables) {
  const annals::tests::TempDatabase database{annals::tests::TempDatabase::Schema::none};
  const auto outcome = annals::tests::run(annals::tests::quoted(ORDERS_PROGRAM) + " --database " +
                                          annals::tests::quoted(database.uri("migrator")) + " status 1");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.output,
              testing::AllOf(HasSubstr("hint: run `orders init`"), testing::Not(HasSubstr("annals schema"))));
}

TEST_F(OrderStatusModel, IsServedByOneOnAPort) {
  const StatusServer first{*pool_, {}};
  try {
    const StatusServer second{*pool_, {.host = "127.0.0.1", .port = first.port()}};
    FAIL() << "both listen on " << first.port();
  } catch (const annals::Error& error) {
    EXPECT_THAT(error.hint(), HasSubstr("another --port"));
  }
}

TEST_F(OrderStatusModel, SaysThatThereIsNoSuchOrder) {
  using annals::tests::quoted;
  project();
  const auto status = [&](const std::string& id) {
    return annals::tests::run(quoted(ORDERS_PROGRAM) + " --database " + quoted(database_.uri("service")) + " status " +
                              quoted(id));
  };
  EXPECT_THAT(status("1").output, HasSubstr("order 1 of ann: paid"));
  const auto unknown = status("44\x1b[31m");
  EXPECT_EQ(unknown.status, 3);
  EXPECT_EQ(
      unknown.output,
      "orders: there is no order \"44\\x1b[31m\"; what was placed a moment ago may not be in the read model yet\n");
}

TEST_F(OrderStatusModel, StopsServingWhenItNeverBegan) {
  StatusServer server{*pool_, {}};
  std::stop_source stop;
  stop.request_stop();
  server.serve(stop.get_token());  // returns
}

}  // namespace
}  // namespace shop::orders
