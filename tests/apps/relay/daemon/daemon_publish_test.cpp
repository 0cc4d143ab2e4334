#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"
#include "support/published.hpp"
#include "support/sanitizer.hpp"
#include "support/server_version.hpp"

namespace annals::tests {
namespace {

using nlohmann::json;

class RelayDaemonPublish : public RelayDaemonTest {
 protected:
  static std::vector<json> parsed(const RelayProcess& relay) {
    std::vector<json> all;
    for (const auto& line : relay.out_lines()) all.push_back(json::parse(line));
    return all;
  }
  /// Key and number of every line that is whole: a kill may tear the last one.
  static std::vector<Published> published(const RelayProcess& relay) {
    std::vector<Published> all;
    for (const auto& line : relay.out_lines()) {
      const auto message = json::parse(line, nullptr, false);
      if (!message.is_discarded()) all.push_back({message.at("key"), message.at("data").at("n")});
    }
    return all;
  }
  /// As enqueue(), many at once: {"n":0,"x":"xx…"} and so on.
  void insert_numbers(const std::string& topic, int count, int bytes) {
    execute(
        fmt::format("INSERT INTO annals.outbox (message_id, topic, key, type, content_type, payload) "
                    "SELECT gen_random_uuid(), '{}', 'k' || n % 7, 'shop.v1.OrderPlaced', 1, "
                    "convert_to(json_build_object('n', n, 'x', repeat('x', {}))::text, 'UTF8') FROM generate_series(0, "
                    "{} - 1) AS n",
                    topic, bytes, count));
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

TEST_F(RelayDaemonPublish, ReadsBothFromTheWriteAheadLogAndShowsItsSlots) {
  skip_unless_mined(database_);
  if (IsSkipped()) return;
  const auto config = folder_.write("relay.toml", routed("shop.events"));
  const std::map<std::string, std::string> as_miner{{"ANNALS_DATABASE", database_.uri("wal_relay")}};
  const Arguments arguments{"--config", config, "--sink", "stdout", "--source", "wal", "--until-caught-up"};
  enqueue("orders", 0, 50);
  append("order-1", 20);
  const auto first = start(arguments, as_miner);
  ASSERT_EQ(first->wait_for_exit(), 0) << first->err();
  EXPECT_EQ(first->out_lines().size(), 70U);
  enqueue("orders", 50, 10);
  append("order-2", 5);
  const auto second = start(arguments, as_miner);
  ASSERT_EQ(second->wait_for_exit(), 0) << second->err();
  std::vector<std::string> subjects;
  for (const auto& line : parsed(*second)) {
    if (line.at("topic") == "shop.events") subjects.push_back(line.at("subject"));
  }
  EXPECT_EQ(second->out_lines().size(), 15U);
  EXPECT_EQ(subjects, std::vector<std::string>(5, "order-2"));
  EXPECT_TRUE(eventually([&] {
    return scalar("SELECT count(*) FROM pg_replication_slots WHERE database = current_database() AND NOT active") ==
           "2";
  }));
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

/// Two backlogs, both larger than all that may be in flight: the second is four times the first, the peak is the same, but for how full
/// a broker that others keep busy lets the queue become.
TEST_F(RelayDaemonPublish, KeepsToItsOwnMemoryWhateverTheBacklog) {
  if (is_sanitized) GTEST_SKIP() << "a sanitizer keeps memory of its own beside the program's";
  const auto topic = create_topic(unique_topic("orders"), 3);
  const auto peak_of = [&](int count) {
    insert_numbers(topic, count, 200);
    const auto relay = start({"--brokers", kafka_brokers()});
    std::int64_t peak = 0;
    EXPECT_TRUE(eventually([&] {
      peak = relay->peak_memory_bytes();
      return relay->metric("annals_relay_messages_delivered_total{source=\"outbox\"}").value_or(0) >= count;
    })) << relay->err();
    return peak;
  };
  const auto small = peak_of(100'000);
  const auto large = peak_of(400'000);
  EXPECT_GT(small, 1 << 20);
  EXPECT_LT(large, small + (8 << 20));
  EXPECT_LT(large, 64 << 20);
}

TEST_F(RelayDaemonPublish, TwoRelaysOneOwnerAndTakeoverAfterKill) {
  constexpr int count = 40'000;
  const Arguments arguments{"--sink", "stdout"};
  const auto first = start(arguments);
  ASSERT_TRUE(eventually([&] { return first->has_logged("owner: publishing"); })) << first->err();
  const auto second = start(arguments);
  ASSERT_TRUE(eventually([&] { return second->has_logged("standby"); })) << second->err();
  EXPECT_TRUE(eventually([&] { return second->ready(); })) << "a standby is ready";

  insert_numbers("orders", count, 10);
  ASSERT_TRUE(eventually([&] { return !first->out().empty(); })) << first->err();
  EXPECT_EQ(second->out(), "");
  first->signal(SIGKILL);
  ASSERT_EQ(first->wait_for_exit(), 128 + SIGKILL);
  auto all = published(*first);
  ASSERT_LT(all.size(), count) << "it was killed when all was out: this shows nothing";

  ASSERT_TRUE(eventually([&] {
    return second->metric("annals_relay_checkpoint_position{source=\"outbox\"}") == static_cast<double>(count);
  })) << second->err();
  const auto rest = published(*second);
  all.insert(all.end(), rest.begin(), rest.end());
  EXPECT_EQ(fault_in(all, count), "");
}

}  // namespace
}  // namespace annals::tests
