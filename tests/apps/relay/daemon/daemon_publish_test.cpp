#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"
#include "support/sanitizer.hpp"

namespace annals::tests {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class RelayDaemonPublish : public RelayDaemonTest {
 protected:
  static std::vector<json> parsed(const RelayProcess& relay) {
    std::vector<json> all;
    for (const auto& line : relay.out_lines()) all.push_back(json::parse(line));
    return all;
  }
};

TEST_F(RelayDaemonPublish, WritesOutboxAndEventsAsJsonLinesAndEndsWhenCaughtUp) {
  enqueue("orders", 0, 50);
  append("order-1", 20);
  const auto config = folder_.write("relay.toml", routed("shop.events"));
  const auto relay = start({"--config", config, "--sink", "stdout", "--until-caught-up"});
  ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();

  std::vector<int> orders;
  std::vector<int> versions;
  for (const auto& line : parsed(*relay)) {
    if (line.at("topic") == "orders") orders.push_back(line.at("data").at("n"));
    if (line.at("topic") == "shop.events") versions.push_back(line.at("sequence"));
  }
  ASSERT_EQ(orders.size(), 50U);
  ASSERT_EQ(versions.size(), 20U);
  EXPECT_TRUE(std::is_sorted(orders.begin(), orders.end()));
  EXPECT_TRUE(std::is_sorted(versions.begin(), versions.end()));
}

TEST_F(RelayDaemonPublish, GoesOnFromItsCheckpoint) {
  enqueue("orders", 0, 10);
  EXPECT_EQ(start({"--sink", "stdout", "--until-caught-up"})->wait_for_exit(), 0);
  enqueue("orders", 10, 5);
  const auto relay = start({"--sink", "stdout", "--until-caught-up"});
  EXPECT_EQ(relay->wait_for_exit(), 0);
  const auto lines = parsed(*relay);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines.front().at("data").at("n"), 10);
}

TEST_F(RelayDaemonPublish, DrainsOnTermAndLeavesNothingBehind) {
  const auto relay = start({"--sink", "stdout"});
  ASSERT_TRUE(eventually([&] { return relay->ready(); })) << relay->err();
  enqueue("orders", 0, 5000);
  ASSERT_TRUE(eventually([&] { return !relay->out().empty(); }));
  relay->signal(SIGTERM);
  ASSERT_EQ(relay->wait_for_exit(), 0) << relay->err();
  const auto published = parsed(*relay);
  const auto checkpoint = scalar("SELECT position FROM annals.relay_checkpoints");
  EXPECT_EQ(std::to_string(published.back().at("position").get<std::int64_t>()), checkpoint);

  EXPECT_EQ(start({"--sink", "stdout", "--until-caught-up"})->wait_for_exit(), 0);
}

TEST_F(RelayDaemonPublish, KeepsToItsOwnMemoryWhateverTheBacklog) {
  if (is_sanitized) GTEST_SKIP() << "a sanitizer keeps memory of its own beside the program's";
  const auto topic = create_topic(unique_topic("orders"), 3);
  execute(
      "INSERT INTO annals.outbox (message_id, topic, key, type, content_type, payload) "
      "SELECT gen_random_uuid(), '" +
      topic +
      "', (n % 100)::text, 'shop.v1.Placed', 0, "
      "convert_to(repeat('x', 200), 'UTF8') FROM generate_series(1, 200000) AS n");
  const auto relay = start({"--brokers", kafka_brokers()});
  double highest = 0;
  ASSERT_TRUE(eventually([&] {
    highest = std::max(highest, relay->metric("process_resident_memory_bytes").value_or(0));
    return relay->metric("annals_relay_messages_delivered_total{source=\"outbox\"}").value_or(0) >= 200'000;
  })) << relay->err();
  EXPECT_GT(highest, 0);
  EXPECT_LT(highest, 64e6);
}

TEST_F(RelayDaemonPublish, TwoRelaysOneOwnerAndTakeoverAfterKill) {
  const Arguments arguments{"--sink", "stdout"};
  const auto first = start(arguments);
  ASSERT_TRUE(eventually([&] { return first->has_logged("owner: publishing"); })) << first->err();
  const auto second = start(arguments);
  ASSERT_TRUE(eventually([&] { return second->has_logged("standby"); })) << second->err();
  EXPECT_TRUE(eventually([&] { return second->ready(); })) << "a standby is ready";
  enqueue("orders", 0, 100);
  ASSERT_TRUE(eventually([&] { return first->out_lines().size() == 100; }));
  EXPECT_EQ(second->out(), "");

  first->signal(SIGKILL);
  ASSERT_EQ(first->wait_for_exit(), 128 + SIGKILL);
  ASSERT_TRUE(eventually([&] { return second->has_logged("owner: publishing"); })) << second->err();
  enqueue("orders", 100, 100);
  std::set<int> seen;
  ASSERT_TRUE(eventually([&] {
    for (const auto& line : second->out_lines()) {
      const auto message = json::parse(line, nullptr, false);
      if (!message.is_discarded()) seen.insert(message.at("data").at("n").get<int>());
    }
    return seen.contains(199);
  })) << second->err();
  for (int i = 100; i < 200; ++i) EXPECT_TRUE(seen.contains(i)) << i;
}

}  // namespace
}  // namespace annals::tests
