#include <gmock/gmock.h>

#include <fmt/format.h>

#include <set>

#include "annals/outbox/message_log.hpp"
#include "annals/outbox/parked.hpp"
#include "daemon_test.hpp"
#include "remedy.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class RelayDaemonHalt : public RelayDaemonTest {};

TEST_F(RelayDaemonHalt, APoisonMessageEndsItWithSevenAndTheRemedy) {
  const auto topic = create_topic(unique_topic("halt"), 1, {{"max.message.bytes", "2000"}});
  enqueue(topic, 0, 5);
  const auto relay = start({"--brokers", kafka_brokers()});
  // Before the poison comes: a broker refuses the whole batch that a message is in.
  ASSERT_TRUE(eventually([&] { return relay->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 5.0; }));
  enqueue({{.topic = topic, .key = "k", .type = "shop.v1.Huge", .payload = std::string(5000, 'x')},
           {.topic = topic, .key = "k", .type = "shop.v1.Small", .payload = "x"}});
  ASSERT_EQ(relay->wait_for_exit(), 7) << relay->err();
  EXPECT_THAT(relay->err(), AllOf(HasSubstr("halted"), HasSubstr("message 6 "), HasSubstr(topic), HasSubstr("hint=")));
  EXPECT_THAT(relay->err(), ContainsRegex("halted: .* source=outbox topic=\\S+ key=k position=6 id=[0-9a-f-]{36} "));
  const auto records = read_all(topic);
  EXPECT_EQ(records.size(), 5U) << "nothing after the poison, but: " << records.back().header("ce_type") << "\n"
                                << relay->err();
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "5");
}

// The broker refuses it, with whatever is in its request. The relay finds out which one it is, parks its key, and publishes the others.
TEST_F(RelayDaemonHalt, APoisonMessageMayBeParkedAndGivenUpWhileItRuns) {
  const auto topic = create_topic(unique_topic("park"), 1, {{"max.message.bytes", "2000"}});
  const auto relay = start({"--brokers", kafka_brokers(), "--on-poison", "*=park", "--retry-max-ms", "200"});
  std::vector<outbox::Message> messages;
  for (int i = 0; i < 40; ++i) {
    messages.push_back({.topic = topic,
                        .key = fmt::format("k{}", i % 4),
                        .type = "shop.v1.Numbered",
                        .payload = i == 10 ? std::string(5000, 'x') : std::to_string(i)});
  }
  enqueue(messages);
  ASSERT_TRUE(eventually([&] { return relay->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == 40.0; }))
      << relay->err();
  std::set<std::string> seen;
  for (const auto& record : read_all(topic)) {
    seen.insert(record.value);
    EXPECT_TRUE(record.key != "k2" || std::stoi(record.value) < 10) << record.value;
  }
  EXPECT_EQ(seen.size(), 32U) << "three keys of ten, and two of the fourth";
  EXPECT_TRUE(eventually([&] { return relay->metric("annals_relay_parked_messages{source=\"outbox\"}") == 8.0; }));
  EXPECT_EQ(relay->metric("annals_relay_parked_keys{source=\"outbox\"}"), 1.0);
  EXPECT_EQ(relay->metric("annals_relay_set_aside_total{source=\"outbox\"}"), 1.0) << "the broker refused it";
  EXPECT_THAT(relay->err(), ContainsRegex("parked, .* source=outbox topic=\\S+ key=k2 position=11 id=[0-9a-f-]{36} "));
  postgres::Connection connection{database_.as("operator")};
  outbox::decide_parked(connection, outbox::message_log("annals"),
                        {.position = 11, .action = outbox::ParkedAction::skip, .reason = "too large"});
  ASSERT_TRUE(eventually([&] { return relay->metric("annals_relay_parked_keys{source=\"outbox\"}") == 0.0; }))
      << relay->err();
  std::vector<std::string> last;
  for (const auto& record : read_all(topic)) {
    if (record.key == "k2" && std::stoi(record.value) > 10) last.push_back(record.value);
  }
  EXPECT_THAT(last, ::testing::ElementsAre("14", "18", "22", "26", "30", "34", "38"));
  EXPECT_EQ(relay->metric("annals_relay_released_total{source=\"outbox\"}"), 7.0);
}

TEST_F(RelayDaemonHalt, WhatIsSetAsideIsInTheLogWithItsRemedy) {
  enqueue("orders", 0, 2);
  enqueue("payments", 2, 1);
  const auto relay =
      start({"--sink", "stdout", "--topics", "order*", "--on-poison", "pay*=dead-letter", "--until-caught-up"});
  ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();
  EXPECT_THAT(relay->err(),
              AllOf(HasSubstr("set aside as a dead letter"), HasSubstr("topic=payments"),
                    HasSubstr("`annals outbox parked retry relay --log outbox --position 3 --reason WHY`")));
  EXPECT_EQ(relay->out_lines().size(), 2U);
}

// The same position may be another message, of another service, in the schema that is meant by default.
TEST_F(RelayDaemonHalt, TheRemedyIsForItsOwnSchema) {
  database_.prepare("other");
  execute(
      "INSERT INTO other.outbox (message_id, topic, type, content_type, payload) VALUES (gen_random_uuid(), "
      "'payments', "
      "'T', 1, '1')");
  const auto relay = start(
      {"--schema", "other", "--sink", "stdout", "--topics", "order*", "--on-poison", "*=park", "--until-caught-up"});
  ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();
  EXPECT_THAT(relay->err(),
              HasSubstr("`annals outbox parked retry relay --log outbox --position 1 --schema other --reason WHY`"));
}

TEST_F(RelayDaemonHalt, AnEventWithoutRouteEndsItWithSevenAndTheOtherSourceDrains) {
  append("invoice-1", 1);
  const auto config = folder_.write(
      "relay.toml",
      "[relay]\nsources = [\"outbox\", \"events\"]\n[[route]]\ncategory = \"order\"\ntopic = \"orders\"\n");
  const auto relay = start({"--config", config, "--sink", "stdout"});
  ASSERT_EQ(relay->wait_for_exit(), 7) << relay->err();
  EXPECT_THAT(relay->err(), AllOf(HasSubstr("halted"), HasSubstr("source=events"), HasSubstr("invoice")));
}

TEST_F(RelayDaemonHalt, UnroutedEventsMayBeSkipped) {
  append("invoice-1", 2);
  append("order-1", 3);
  const auto config = folder_.write("relay.toml",
                                    "[relay]\nsources = [\"events\"]\nunrouted = \"skip\"\n"
                                    "[[route]]\ncategory = \"order\"\ntopic = \"orders\"\n");
  const auto relay = start({"--config", config, "--sink", "stdout", "--until-caught-up"});
  ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();
  EXPECT_EQ(relay->out_lines().size(), 3U);
}

TEST_F(RelayDaemonHalt, AMessageToATopicThatIsNotListedEndsItWithSeven) {
  enqueue("orders", 0, 2);
  enqueue("payments", 2, 1);
  const auto relay = start({"--sink", "stdout", "--topics", "order*,invoices", "--until-caught-up"});
  ASSERT_EQ(relay->wait_for_exit(), 7) << relay->err();
  EXPECT_THAT(relay->err(),
              AllOf(HasSubstr("message 3 "), HasSubstr("\\\"payments\\\" is not one that this relay may")));
  EXPECT_EQ(relay->out_lines().size(), 2U);
}

TEST_F(RelayDaemonHalt, ACheckpointOfAnotherDatabaseEndsItWithFive) {
  enqueue("orders", 0, 5);
  ASSERT_EQ(start({"--sink", "stdout", "--until-caught-up"})->wait_for_exit(), 0);
  execute("UPDATE annals.relay_checkpoints SET system_identifier = '42'");
  const auto config = folder_.write("relay.toml", "[relay]\nsources = [\"outbox\"]\n");
  const auto relay = start({"--config", config, "--sink", "stdout", "--until-caught-up"});
  ASSERT_EQ(relay->wait_for_exit(), 5) << relay->err();
  EXPECT_THAT(relay->err(), HasSubstr("halted"));
  EXPECT_EQ(paste(folder_, relay->err(), "annals --config \\S+ relay repair relay --log outbox",
                  {{"ANNALS_DATABASE", database_.uri("operator")}}),
            5)
      << relay->err();
}

}  // namespace
}  // namespace annals::tests
