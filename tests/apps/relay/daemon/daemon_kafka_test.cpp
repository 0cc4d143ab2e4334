#include <gmock/gmock.h>

#include <map>

#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class RelayDaemonKafka : public RelayDaemonTest {};

TEST_F(RelayDaemonKafka, PublishesOutboxAndEvents) {
  const auto orders = create_topic(unique_topic("orders"), 3);
  const auto events = create_topic(unique_topic("events"), 3);
  enqueue(orders, 0, 500);
  append("order-1", 30);
  append("order-2", 30);
  const auto config = folder_.write("relay.toml", routed(events) + "[kafka]\nsource = \"/shop\"\n");
  const auto relay = start({"--config", config, "--until-caught-up"}, {{"ANNALS_KAFKA", kafka_brokers()}});
  ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();

  EXPECT_EQ(read_all(orders).size(), 500U);
  std::map<std::string, int> next;
  for (const auto& record : read_all(events)) {
    EXPECT_EQ(record.header("ce_source"), "/shop");
    EXPECT_EQ(record.value, std::to_string(next[record.key]++)) << record.key;
  }
  EXPECT_EQ(next, (std::map<std::string, int>{{"order-1", 30}, {"order-2", 30}}));
}

TEST_F(RelayDaemonKafka, BecomesReadyAndDrainsOnTerm) {
  const auto topic = create_topic(unique_topic("orders"), 3);
  const auto relay = start({"--brokers", kafka_brokers()});
  ASSERT_TRUE(eventually([&] { return relay->ready(); })) << relay->get("/readyz").body << relay->err();
  enqueue(topic, 0, 10'000);
  ASSERT_TRUE(
      eventually([&] { return relay->metric("annals_relay_messages_read_total{source=\"outbox\"}").value_or(0) > 0; }));
  relay->signal(SIGTERM);
  ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();
  const auto published = read_all(topic).size();
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), std::to_string(published)) << "nothing twice";
}

TEST_F(RelayDaemonKafka, NoSecretAppearsAnywhere) {
  const auto topic = create_topic(unique_topic("orders"), 1);
  enqueue(topic, 0, 3);
  const std::string canary = "canary-in-the-mine";
  // The stack trusts local connections: the password is carried along and must show up nowhere.
  const auto uri = database_.uri("relay") + "&password=" + canary;
  const auto secrets = folder_.write("kafka.properties", "ssl.key.password = " + canary + "\n");
  const auto relay = start({"--brokers", kafka_brokers(), "--log-level", "debug"},
                           {{"ANNALS_DATABASE", uri}, {"ANNALS_RELAY_KAFKA_SETTINGS_FILE", secrets}});
  ASSERT_TRUE(eventually([&] {
    return relay->metric("annals_relay_messages_delivered_total{source=\"outbox\"}") == 3.0;
  })) << relay->err();
  for (const auto& path : {"/livez", "/readyz", "/metrics"}) EXPECT_THAT(relay->get(path).body, Not(HasSubstr(canary)));
  execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'annals-relay' AND "
      "datname = current_database()");
  ASSERT_TRUE(eventually([&] { return relay->has_logged("will try again"); }));
  ASSERT_TRUE(eventually([&] { return relay->ready(); }));
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(), 0);
  EXPECT_THAT(relay->out() + relay->err(), Not(HasSubstr(canary)));
  // The checker itself: what it looks for is really there to be leaked.
  EXPECT_THAT(uri, HasSubstr(canary));
}

}  // namespace
}  // namespace annals::tests
