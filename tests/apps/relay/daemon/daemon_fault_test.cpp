#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"
#include "support/private_stack.hpp"
#include "support/published.hpp"
#include "support/tcp_proxy.hpp"
#include "support/through.hpp"

namespace annals::tests {
namespace {

class RelayDaemonFault : public RelayDaemonTest {
 protected:
  /// What is wrong with a topic that `count` messages were enqueued for: lost, out of order by key, or invented.
  static std::string fault(const std::string& topic, const std::string& brokers, int count) {
    std::vector<Published> all;
    for (const auto& record : read_all(topic, brokers)) {
      all.push_back({record.key, nlohmann::json::parse(record.value).at("n").get<int>()});
    }
    return fault_in(all, count);
  }
};

TEST_F(RelayDaemonFault, GoesOnWhenItsSessionsAreEndedAgainAndAgain) {
  const auto topic = create_topic(unique_topic("orders"), 3);
  const auto relay = start({"--brokers", kafka_brokers()}, {{"ANNALS_RELAY_RETRY_MAX_MS", "100"}});
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(eventually([&] { return relay->ready(); })) << relay->err();
    enqueue(topic, round * 1000, 1000);
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'annals-relay' AND "
        "datname = current_database()");
    ASSERT_TRUE(eventually([&] {
      return relay->metric("annals_relay_restarts_total{reason=\"disconnected\",source=\"outbox\"}").value_or(0) >
             round;
    })) << relay->err();
  }
  ASSERT_TRUE(eventually([&] {
    return relay->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 5000.0;
  })) << relay->err();
  EXPECT_EQ(fault(topic, kafka_brokers(), 5000), "");
}

TEST_F(RelayDaemonFault, WaitsForABrokerThatIsAwayAndLosesNothing) {
  const PrivateStack kafka{"kafka"};
  const auto topic = create_topic(unique_topic("orders"), 3, {}, kafka.address());
  const auto relay = start({"--brokers", kafka.address()}, {{"ANNALS_RELAY_RETRY_MAX_MS", "200"}});
  ASSERT_TRUE(eventually([&] { return relay->ready(); })) << relay->err();
  enqueue(topic, 0, 1000);
  ASSERT_TRUE(
      eventually([&] { return relay->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 1000.0; }));

  kafka.kill();
  enqueue(topic, 1000, 1000);
  ASSERT_TRUE(eventually([&] { return !relay->ready(); })) << relay->get("/readyz").body;
  EXPECT_EQ(relay->get("/livez").status, 200);
  EXPECT_TRUE(relay->running());

  kafka.start();
  ASSERT_TRUE(eventually([&] {
    return relay->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 2000.0;
  })) << relay->err();
  EXPECT_TRUE(eventually([&] { return relay->ready(); }));
  EXPECT_EQ(fault(topic, kafka.address(), 2000), "");
}

TEST_F(RelayDaemonFault, StartsWithoutABrokerAndPublishesWhenItComes) {
  const PrivateStack kafka{"kafka"};
  const auto topic = create_topic(unique_topic("orders"), 1, {}, kafka.address());
  kafka.kill();
  enqueue(topic, 0, 10);
  const auto relay = start({"--brokers", kafka.address()}, {{"ANNALS_RELAY_RETRY_MAX_MS", "200"}});
  ASSERT_TRUE(eventually([&] { return relay->has_logged("will try again"); })) << relay->err();
  EXPECT_EQ(relay->get("/readyz").status, 503);
  kafka.start();
  ASSERT_TRUE(eventually([&] { return relay->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 10.0; }))
      << relay->err();
  EXPECT_EQ(fault(topic, kafka.address(), 10), "");
}

TEST_F(RelayDaemonFault, StopsInTimeWithMessagesInFlightAndSaysSo) {
  const PrivateStack kafka{"kafka"};
  const auto topic = create_topic(unique_topic("orders"), 1, {}, kafka.address());
  const auto relay = start({"--brokers", kafka.address()}, {{"ANNALS_RELAY_DRAIN_TIMEOUT_MS", "300"}});
  enqueue(topic, 0, 10);
  ASSERT_TRUE(eventually([&] { return relay->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 10.0; }));
  kafka.pause();
  enqueue(topic, 10, 10);
  ASSERT_TRUE(eventually([&] { return relay->metric("annals_relay_in_flight_messages{source=\"outbox\"}") == 10.0; }));
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(std::chrono::seconds{15}), 8) << relay->err();
  kafka.resume();
  EXPECT_EQ(start({"--brokers", kafka.address(), "--until-caught-up"})->wait_for_exit(), 0);
  EXPECT_EQ(fault(topic, kafka.address(), 20), "");
}

// Its server takes what is sent, and says nothing any more.
TEST_F(RelayDaemonFault, ADatabaseThatDoesNotAnswerHoldsNoOtherUp) {
  using namespace std::chrono_literals;
  using Clock = std::chrono::steady_clock;
  postgres::Connection direct{database_.superuser()};
  TcpProxy proxy{"127.0.0.1", server_port(direct)};
  const TempDatabase crm;
  const auto name = postgres::Connection{crm.superuser()}.query("SELECT pg_catalog.current_database()").text(0, 0);
  const auto config = folder_.write(
      "relay.toml",
      "[relay]\nsink = \"stdout\"\nlease_ms = 1000\n[limits]\nretry_max_ms = 200\ndrain_timeout_ms = 500\n[http]\n"
      "listen = \"127.0.0.1:0\"\n[[database]]\nname = \"crm\"\nuri_env = \"CRM\"\n[[database]]\nname = "
      "\"shop\"\nuri_env = "
      "\"SHOP\"\n");
  RelayProcess relay{{"--config", config}, {{"CRM", uri_through(proxy, name)}, {"SHOP", database_.uri("relay")}}};
  ASSERT_TRUE(eventually([&] { return relay.get("/readyz").body.starts_with("2 of 2 "); })) << relay.err();

  proxy.freeze();
  auto worst = Clock::duration::zero();
  for (int i = 0; i < 20; ++i) {
    enqueue("orders", i, 1);
    const auto begin = Clock::now();
    ASSERT_TRUE(eventually([&] { return static_cast<int>(relay.out_lines().size()) == i + 1; }, 10s)) << relay.err();
    worst = std::max(worst, Clock::now() - begin);
    std::this_thread::sleep_for(50ms);
  }
  EXPECT_LT(worst, 1s);
  EXPECT_EQ(relay.get("/livez").status, 200);
  EXPECT_TRUE(relay.ready());
  const auto begin = Clock::now();
  relay.signal(SIGTERM);
  EXPECT_TRUE(relay.wait_for_exit(20s)) << relay.err();
  EXPECT_LT(Clock::now() - begin, 8s) << "the drain's bound, and what a step may take" << relay.err();
  proxy.thaw();
}

}  // namespace
}  // namespace annals::tests
