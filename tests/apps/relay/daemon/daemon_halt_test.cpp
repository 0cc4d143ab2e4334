#include <gmock/gmock.h>

#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using ::testing::AllOf;
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
  const auto records = read_all(topic);
  EXPECT_EQ(records.size(), 5U) << "nothing after the poison, but: " << records.back().header("ce_type") << "\n"
                                << relay->err();
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "5");
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
  const auto relay = start({"--sink", "stdout", "--until-caught-up"});
  ASSERT_EQ(relay->wait_for_exit(), 5) << relay->err();
  EXPECT_THAT(relay->err(), AllOf(HasSubstr("halted"), HasSubstr("annals relay repair")));
}

}  // namespace
}  // namespace annals::tests
