// A relay is killed with SIGKILL at each of its named points, again and again; the runs after it must publish
// everything, first occurrences in order: to a file, and to Kafka.
#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "annals/outbox/parked.hpp"
#include "annals/outbox/status.hpp"
#include "relay_test_base.hpp"
#include "support/kafka_topic.hpp"
#include "support/own_table.hpp"
#include "support/published.hpp"
#include "support/run_victim.hpp"

namespace annals::tests {
namespace {

class RelayCrash : public RelayTestBase {
 protected:
  RelayCrash()
      : file_((std::filesystem::temp_directory_path() / ("annals-" + EventId::generate().to_string())).string()) {}
  ~RelayCrash() override { std::filesystem::remove(file_); }

  /// True when the victim was killed, false when it ended well.
  bool run_victim(const std::string& point, int count, const std::string& refused = {}, bool parks = false) {
    std::vector<std::string> command{
        ANNALS_RELAY_VICTIM, database_.uri("relay"), sink_, point, std::to_string(count), refused};
    if (parks) command.emplace_back("park");
    return tests::run_victim(command);
  }
  /// Once and again, each life one occurrence longer than the one before, until one ends by itself. How many were killed.
  int run_victims(const std::string& point, const std::string& refused) {
    int life = 1;
    while (run_victim(point, life, refused) && life < 60) ++life;
    return life - 1;
  }

  std::vector<Published> published() {
    std::vector<Published> lines;
    std::ifstream in{file_};
    std::int64_t position = 0;
    Published line;
    while (in >> position >> line.key >> line.number) lines.push_back(line);
    return lines;
  }

  std::string file_;
  std::string sink_ = file_;
};

class RelayCrashAt : public RelayCrash, public ::testing::WithParamInterface<const char*> {};

TEST_P(RelayCrashAt, LosesNothingAndKeepsTheOrder) {
  enqueue_numbers(0, 140, 3);
  int crashes = 0;
  // Each life gets one occurrence further than the one before.
  for (int life = 1; run_victim(GetParam(), life); ++life) {
    ++crashes;
    enqueue_numbers(120 + 20 * life, 20, 3);
    ASSERT_LT(life, 30);
  }
  const auto lines = published();
  EXPECT_GE(crashes, 5);
  EXPECT_EQ(fault_in(lines, 140 + 20 * crashes), "");
  RecordProperty("published", std::to_string(lines.size()));
}

// A service's own table, with a transaction that is open meanwhile, so that what is published has holes.
TEST_F(RelayCrash, LosesNothingOfATableOfTheServicesOwn) {
  make_own_table(database_);
  sink_ = "own+" + file_;
  int number = 0;
  const auto insert = [&](int count) {
    for (int i = 0; i < count; ++i, ++number) execute(insert_own(fmt::format("k{}", number % 3), number));
  };
  int crashes = 0;
  for (const auto* point : {"sent", "checkpoint"}) {
    insert(20);
    postgres::Connection late{database_.superuser()};
    late.execute("BEGIN; " + insert_own("late", number++));
    insert(20);
    for (int life = 1; life < 3 && run_victim(point, life); ++life) ++crashes;
    late.execute("COMMIT");
    for (int life = 1; run_victim(point, life); ++life) ++crashes;
  }
  EXPECT_GE(crashes, 6);  // two of each point beside the open transaction, and more after it
  EXPECT_EQ(fault_in(published(), number), "");
}

// The relay halts at a message that can never be delivered; an operator gives it up; before and after it is killed again
// and again. Everything else is published, in order.
TEST_P(RelayCrashAt, PassesOverOneMessageAndNoOther) {
  constexpr int given_up = 64;
  enqueue_numbers(0, 140, 3);
  EXPECT_GE(run_victims(GetParam(), std::to_string(given_up)), 3);
  postgres::Connection connection{database_.as("operator")};
  const auto id = scalar(fmt::format("SELECT message_id FROM annals.outbox WHERE position = {}", given_up + 1));
  outbox::skip_message(connection, log_, {.position = given_up + 1, .id = *EventId::parse(id), .reason = "test"});
  EXPECT_GE(run_victims(GetParam(), std::to_string(given_up)), 3);
  auto lines = published();
  for (const auto& line : lines) EXPECT_NE(line.number, given_up);
  lines.push_back({"nobody", given_up});  // the one that is missing by decision
  EXPECT_EQ(fault_in(lines, 140), "");
}

// The key of the one that is refused waits, killed again and again; then it is released, killed again and again. Nothing is
// missing, and nothing of any key has overtaken.
TEST_P(RelayCrashAt, ParksAKeyAndReleasesItInOrder) {
  enqueue_numbers(0, 140, 3);
  int life = 1;
  while (run_victim(GetParam(), life, "64", true) && life < 60) ++life;
  EXPECT_GE(life, 4);
  const auto without = published();
  for (const auto& line : without) EXPECT_FALSE(line.number >= 64 && line.number % 3 == 64 % 3) << line.number;
  postgres::Connection connection{database_.as("operator")};
  EXPECT_EQ(outbox::release_parked(connection, log_, "relay", {"orders", "k1"}, "mended"), 1);
  enqueue_numbers(140, 40, 3);
  for (life = 1; run_victim(GetParam(), life, {}, true) && life < 60;) ++life;
  EXPECT_EQ(fault_in(published(), 180), "");
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_parked WHERE done_at IS NULL"), "0");
}

/// The same with a real broker, which has what a dead producer sent, and goes on receiving it for a while.
class RelayKafkaCrashAt : public RelayCrashAt {
 protected:
  std::vector<Published> in_topic() { return in_topic(topic_); }
  static std::vector<Published> in_topic(const std::string& topic) {
    std::vector<Published> all;
    for (const auto& record : read_all(topic)) all.push_back({record.key, std::stoi(record.value)});
    return all;
  }
  std::string topic_ = create_topic(unique_topic("relay-crash"), 3);
};

// Few new messages a life: one that dies before anything is confirmed gets only seven further than the one before.
TEST_P(RelayKafkaCrashAt, LosesNothingAndKeepsTheOrder) {
  sink_ = "kafka:" + kafka_brokers();
  enqueue_numbers(0, 70, 5, topic_);
  int crashes = 0;
  for (int life = 1; run_victim(GetParam(), life); ++life) {
    enqueue_numbers(70 + 3 * crashes, 3, 5, topic_);
    ++crashes;
    ASSERT_LT(life, 30);
  }
  EXPECT_GE(crashes, 4);
  EXPECT_EQ(fault_in(in_topic(), 70 + 3 * crashes), "");
}

/// Exactly once: no message comes twice, wherever it is killed. Each life publishes what there is until it is killed.
class RelayTransactionCrashAt : public RelayKafkaCrashAt {
 protected:
  /// ANNALS_KILLS: at each point, of a long run.
  static int kills() {
    const char* text = std::getenv("ANNALS_KILLS");
    return text == nullptr ? 8 : std::atoi(text);
  }
  /// The last victim has ended, and with it its transaction; the marks of a commit are written behind its answer.
  static std::vector<Published> settled(const std::string& topic, int count) {
    auto records = in_topic(topic);
    for (int i = 0; i < 100 && static_cast<int>(records.size()) < count; ++i) {
      std::this_thread::sleep_for(20ms);
      records = in_topic(topic);
    }
    return records;
  }
  std::string checkpoints_ = create_topic(unique_topic("checkpoints"), 1, {{"cleanup.policy", "compact"}});
};

TEST_P(RelayTransactionCrashAt, PublishesEachMessageOnceAndInOrder) {
  sink_ = "transactions:" + checkpoints_ + ":" + kafka_brokers();
  int written = 0;
  int crashes = 0;
  for (int life = 0; life < kills(); ++life) {
    enqueue_numbers(written, 40, 5, topic_);
    written += 40;
    crashes += run_victim(GetParam(), 1 + life % 3) ? 1 : 0;
  }
  EXPECT_FALSE(run_victim("never", 1));
  EXPECT_GE(crashes, kills() / 2);
  EXPECT_EQ(fault_in_exactly_once(settled(topic_, written), written), "");
}

// The messages to a topic that is not there are parked, those of another go on; then the topic is made and all is released. Killed
// again and again meanwhile: no message comes twice, in either topic, and each key is in order.
TEST_P(RelayTransactionCrashAt, ReleasesEachParkedMessageOnceAndInOrder) {
  sink_ = "transactions:" + checkpoints_ + ":" + kafka_brokers();
  const auto missing = unique_topic("relay-crash-missing");
  enqueue_numbers(0, 40, 5, topic_);
  enqueue_numbers(0, 60, 3, missing);
  for (int life = 1; run_victim(GetParam(), life, {}, true) && life < 20;) ++life;
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_parked WHERE done_at IS NULL"), "60");
  postgres::Connection connection{database_.as("operator")};
  for (const auto* key : {"k0", "k1", "k2"}) {
    EXPECT_EQ(outbox::release_parked(connection, log_, "relay", {missing, key}, "made"), 1);
  }
  (void)create_topic(missing, 3);
  int crashes = 0;
  for (int life = 0; life < kills() || run_victim("never", 1, {}, true); ++life) {
    enqueue_numbers(40 + 20 * life, 20, 5, topic_);
    enqueue_numbers(60 + 6 * life, 6, 3, missing);
    crashes += run_victim(GetParam(), 1 + life % 3, {}, true) ? 1 : 0;
  }
  EXPECT_GE(crashes, kills() / 2);
  EXPECT_EQ(fault_in_exactly_once(settled(topic_, 40 + 20 * kills()), 40 + 20 * kills()), "");
  EXPECT_EQ(fault_in_exactly_once(settled(missing, 60 + 6 * kills()), 60 + 6 * kills()), "");
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_parked WHERE done_at IS NULL"), "0");
}

constexpr const char* points[] = {"read", "sent", "delivered", "checkpoint", "checkpointed"};
std::string name_of(const ::testing::TestParamInfo<const char*>& point) { return point.param; }
INSTANTIATE_TEST_SUITE_P(Points, RelayCrashAt, ::testing::ValuesIn(points), name_of);
INSTANTIATE_TEST_SUITE_P(Points, RelayKafkaCrashAt, ::testing::ValuesIn(points), name_of);

INSTANTIATE_TEST_SUITE_P(Points, RelayTransactionCrashAt,
                         ::testing::Values("read", "sent", "delivered", "checkpoint", "committing", "checkpointed"),
                         name_of);

TEST(RelayCrashCheck, RejectsRepetitionWhereEachMayComeOnce) {
  EXPECT_EQ(fault_in_exactly_once({{"a", 0}, {"a", 1}}, 2), "");
  EXPECT_NE(fault_in_exactly_once({{"a", 0}, {"a", 1}, {"a", 1}}, 2), "");
  EXPECT_NE(fault_in_exactly_once({{"a", 0}}, 2), "");
}

TEST(RelayCrashCheck, RejectsLossAndDisorder) {
  EXPECT_EQ(fault_in({{"a", 0}, {"a", 1}, {"a", 0}, {"a", 1}}, 2), "") << "repetitions are allowed";
  EXPECT_NE(fault_in({{"a", 0}}, 2), "");
  EXPECT_NE(fault_in({{"a", 0}, {"a", 2}}, 2), "") << "invented";
  EXPECT_NE(fault_in({{"a", 1}, {"a", 0}}, 2), "");
  EXPECT_EQ(fault_in({{"b", 1}, {"a", 0}}, 2), "") << "no order across keys";
}

}  // namespace
}  // namespace annals::tests
