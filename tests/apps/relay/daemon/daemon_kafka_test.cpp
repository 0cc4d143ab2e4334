#include <gmock/gmock.h>

#include <map>

#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
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

TEST_F(RelayDaemonKafka, WritesRecordsAsItsEncodingsSay) {
  const auto legacy = create_topic(unique_topic("legacy"), 3);
  const auto plain = create_topic(unique_topic("plain"), 3);
  const auto config = folder_.write("relay.toml", "[[encoding]]\ntopic = \"legacy*\"\nformat = \"debezium\"\n");
  for (const Arguments& delivery : {Arguments{}, Arguments{"--delivery", "exactly-once", "--kafka-checkpoint-topic",
                                                           unique_topic("checkpoints")}}) {
    enqueue(legacy, 0, 20);
    enqueue(plain, 0, 20);
    Arguments arguments{"--config", config, "--until-caught-up"};
    arguments.insert(arguments.end(), delivery.begin(), delivery.end());
    const auto relay = start(arguments, {{"ANNALS_KAFKA", kafka_brokers()}});
    ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();
  }
  // The broker's markers follow the answer to a commit.
  EXPECT_TRUE(eventually([&] { return read_all(legacy).size() == 40 && read_all(plain).size() == 40; }));
  for (const auto& record : read_all(legacy)) {
    EXPECT_EQ(record.header("id").size(), 36U);
    EXPECT_EQ(record.header("ce_id"), "");
  }
  for (const auto& record : read_all(plain)) EXPECT_EQ(record.header("ce_id").size(), 36U);
}

/// Of a table that nobody of ours writes, read back as any consumer would.
TEST_F(RelayDaemonKafka, PublishesTheChangesOfATableBesideTheOutbox) {
  const auto orders = create_topic(unique_topic("orders"), 2);
  const auto items = create_topic(unique_topic("items"), 2, {{"cleanup.policy", "compact"}});
  const auto config = folder_.write(
      "relay.toml",
      fmt::format("[relay]\nsources = [\"outbox\", \"changes\"]\n[kafka]\nsource = \"/shop\"\n[[capture]]\n"
                  "table = \"public.items\"\ntopic = \"{}\"\noperations = [\"insert\", \"delete\"]\n",
                  items));
  postgres::Connection service{database_.superuser()};
  service.execute(
      "CREATE TABLE public.items (sku text PRIMARY KEY, price numeric); CREATE PUBLICATION annals_changes FOR TABLE "
      "public.items");
  const std::map<std::string, std::string> environment{{"ANNALS_KAFKA", kafka_brokers()},
                                                       {"ANNALS_DATABASE", database_.uri("wal_relay")}};
  const Arguments arguments{"--config", config, "--until-caught-up"};
  ASSERT_EQ(start(arguments, environment)->wait_for_exit(), 0);
  enqueue(orders, 0, 10);
  service.execute(
      "INSERT INTO public.items VALUES ('bolt', 0.10), ('nut', 2); DELETE FROM public.items WHERE sku = 'nut'");
  const auto relay = start(arguments, environment);
  ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();
  EXPECT_EQ(read_all(orders).size(), 10U);
  std::map<std::string, std::vector<Record>> by_key;
  for (const auto& record : read_all(items)) by_key[record.key].push_back(record);
  ASSERT_EQ(by_key["bolt"].size(), 1U);
  EXPECT_THAT(by_key["bolt"][0].value, HasSubstr(R"("after":{"sku":"bolt","price":"0.10"})"));
  EXPECT_EQ(by_key["bolt"][0].header("ce_type"), "items.inserted");
  EXPECT_EQ(by_key["bolt"][0].header("ce_source"), "/shop");
  EXPECT_EQ(by_key["bolt"][0].header("content-type"), "application/json");
  ASSERT_EQ(by_key["nut"].size(), 3U);
  EXPECT_THAT(by_key["nut"][1].value, HasSubstr(R"("before":{"sku":"nut"},"after":null)"));
  EXPECT_FALSE(by_key["nut"][2].has_value) << "a tombstone";
  EXPECT_NE(by_key["nut"][1].header("ce_id"), by_key["nut"][2].header("ce_id"));

  // A truncation has no key, which a compacted topic does not take. Then the slot is lost.
  (void)folder_.write("relay.toml", fmt::format("[relay]\nsources = [\"changes\"]\n[[capture]]\ntable = "
                                                "\"public.items\"\ntopic = \"{}\"\n",
                                                items));
  service.execute("TRUNCATE public.items");
  const auto halted = start(arguments, environment);
  ASSERT_EQ(halted->wait_for_exit(), 7) << halted->err();
  EXPECT_THAT(halted->err(), ContainsRegex("annals --config \\S+ relay skip relay --log changes --position "));
  service.execute(
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
  const auto lost = start(arguments, environment);
  ASSERT_EQ(lost->wait_for_exit(), 5) << lost->err();
  EXPECT_THAT(lost->err(), ContainsRegex("annals --config \\S+ relay forget relay --log changes --yes"));
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

/// Relays of one name that publish exactly once, with checkpoints in a topic of the test's own.
class RelayDaemonTransactions : public RelayDaemonTest {
 protected:
  std::unique_ptr<RelayProcess> start_one(Arguments more = {}) {
    more.insert(more.end(), {"--brokers", kafka_brokers(), "--delivery", "exactly-once", "--kafka-checkpoint-topic",
                             checkpoints_, "--standby-poll-ms", "50", "--batch-rows-max", "50"});
    return start(more);
  }
  /// Of each message of a topic, how often it is there.
  static std::map<std::string, int> times(const std::string& topic) {
    std::map<std::string, int> all;
    for (const auto& record : read_all(topic)) ++all[record.value];
    return all;
  }
  std::string checkpoints_ = unique_topic("checkpoints");  // the first relay makes it
};

TEST_F(RelayDaemonTransactions, RepeatNothingWhenTheOwnerIsKilled) {
  const auto topic = create_topic(unique_topic("orders"), 3);
  constexpr int batch = 400;
  constexpr int kills = 4;
  for (int i = 0; i < kills; ++i) {
    enqueue(topic, i * batch, batch);
    const auto owner = start_one();
    ASSERT_TRUE(eventually([&] {
      return owner->metric("annals_relay_messages_delivered_total{source=\"outbox\"}").value_or(0) > 0;
    })) << owner->err();
    owner->signal(SIGKILL);
    (void)owner->wait_for_exit();
  }
  const auto last = start_one({"--until-caught-up"});
  ASSERT_EQ(last->wait_for_exit(), 0) << last->err();
  std::map<std::string, int> all;
  ASSERT_TRUE(eventually([&] {
    all = times(topic);
    return all.size() == static_cast<std::size_t>(kills * batch);
  })) << all.size();
  for (const auto& [value, count] : all) EXPECT_EQ(count, 1) << value;
}

// The broker refuses the request that it is in: the relay asks again, one message a request, before it blames one.
TEST_F(RelayDaemonTransactions, NameTheOneMessageThatIsRefused) {
  const auto topic = create_topic(unique_topic("halt"), 1, {{"max.message.bytes", "2000"}});
  std::vector<outbox::Message> messages;
  for (int i = 1; i <= 20; ++i) {
    messages.push_back({.topic = topic,
                        .key = "k",
                        .type = "shop.v1.Sized",
                        .payload = i == 15 ? std::string(5000, 'x') : std::to_string(i)});
  }
  enqueue(messages);
  const auto relay = start_one({"--retry-max-ms", "100"});
  ASSERT_EQ(relay->wait_for_exit(), 7) << relay->err();
  EXPECT_THAT(relay->err(), AllOf(HasSubstr("halted"), HasSubstr("message 15 ")));
  EXPECT_TRUE(read_all(topic).empty()) << "what is in the transaction that it spoilt is not published either";
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
