// Three brokers, and one of them dies or freezes: what it alone leads waits for it, the rest does not. ANNALS_BROKERS=1 runs these, on a
// cluster that takes its time to begin; CONTRIBUTING.md has the command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "annals/outbox/shard.hpp"
#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"
#include "support/partition_reader.hpp"
#include "support/private_stack.hpp"
#include "support/published.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;
using Time = SteadyClock::time_point;
using Copies = std::vector<std::vector<std::int32_t>>;

class RelayBrokers : public RelayDaemonTest, public ::testing::WithParamInterface<const char*> {
 protected:
  static void SetUpTestSuite() {
    if (std::getenv("ANNALS_BROKERS") == nullptr) return;
    cluster_ = std::make_unique<PrivateStack>("kafka", 3);
    // The third is the coordinator of all transactions, for as long as it lives.
    create_topic("__transaction_state", Copies(4, {3, 2, 1}),
                 {{"cleanup.policy", "compact"}, {"min.insync.replicas", "2"}}, cluster_->address());
  }
  static void TearDownTestSuite() { cluster_.reset(); }
  void SetUp() override {
    if (!cluster_) GTEST_SKIP() << "three brokers take half a minute: ANNALS_BROKERS=1, see CONTRIBUTING.md";
  }

  static bool is_exactly_once() { return GetParam() == std::string_view{"exactly-once"}; }
  std::unique_ptr<RelayProcess> publisher(const Arguments& more = {}) {
    Arguments arguments{"--brokers",
                        cluster_->address(),
                        "--shards",
                        "2",
                        "--delivery",
                        GetParam(),
                        "--kafka-checkpoint-topic",
                        checkpoints_,
                        "--checkpoint-interval-ms",
                        "100",
                        "--retry-max-ms",
                        "500"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return start(arguments);
  }
  void make_topics(const Copies& copies, const std::vector<std::int32_t>& of_checkpoints,
                   const TopicConfig& config = {}) {
    create_topic(topic_, copies, config, cluster_->address());
    create_topic(checkpoints_, Copies{of_checkpoints}, {{"cleanup.policy", "compact"}}, cluster_->address());
    for (std::size_t i = 0; i < copies.size(); ++i) {
      readers_.push_back(std::make_unique<PartitionReader>(topic_, static_cast<std::int32_t>(i), cluster_->address()));
    }
  }
  /// A key of this shard of two that Kafka's partitioner puts into this partition of so many.
  std::string key_of(int shard, int partition, int partitions) {
    for (int i = 0;; ++i) {
      auto key = fmt::format("k{}", i);
      if (rd_kafka_msg_partitioner_murmur2(nullptr, key.data(), key.size(), partitions, nullptr, nullptr) !=
          partition) {
        continue;
      }
      const auto of = scalar(fmt::format("(hashtextextended('{}', 0) & 9223372036854775807) % 2 + 1", key));
      if (of == std::to_string(shard)) return key;
    }
  }

  /// Enqueues a message of each key every 10 ms.
  class Writer {
   public:
    Writer(RelayBrokers& test, std::vector<std::string> keys)
        : keys_(std::move(keys)), thread_([this, &test](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
              test.write(keys_);
              std::this_thread::sleep_for(10ms);
            }
          }) {}

   private:
    std::vector<std::string> keys_;
    std::jthread thread_;
  };
  void write(const std::vector<std::string>& keys) {
    std::vector<outbox::Message> messages;
    messages.reserve(keys.size());
    const std::lock_guard lock{mutex_};
    for (const auto& key : keys) {
      const auto number = static_cast<int>(written_.size());
      written_.emplace_back(key, Time{});
      messages.push_back({.topic = topic_, .key = key, .type = "shop.v1.OrderPlaced", .payload = text_of(number)});
    }
    enqueue(messages);
    for (auto i = written_.size() - keys.size(); i < written_.size(); ++i) written_[i].second = SteadyClock::now();
  }
  static std::string text_of(int number) { return std::to_string(number); }

  struct Waits {
    std::vector<double> ms;  ///< from the commit until a reader had it, ascending
    std::size_t missing = 0;

    [[nodiscard]] double at(double share) const {
      return ms.empty() ? -1 : ms[static_cast<std::size_t>(static_cast<double>(ms.size() - 1) * share)];
    }
    [[nodiscard]] std::string text() const {
      return fmt::format("p50 {:.0f} ms, p99 {:.0f} ms, longest {:.0f} ms of {}, and {} had not come", at(0.5),
                         at(0.99), at(1), ms.size(), missing);
    }
  };
  /// Of the messages of a key (empty: of all) that were committed meanwhile.
  Waits waits(const std::string& key, Time from, Time to) {
    std::map<std::string, Time> arrivals;
    for (const auto& reader : readers_) arrivals.merge(reader->arrivals());
    Waits found;
    const std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < written_.size(); ++i) {
      const auto& [of, at] = written_[i];
      if (at < from || at >= to || (!key.empty() && of != key)) continue;
      const auto arrival = arrivals.find(text_of(static_cast<int>(i)));
      if (arrival == arrivals.end()) {
        ++found.missing;
      } else {
        found.ms.push_back(std::chrono::duration<double, std::milli>(arrival->second - at).count());
      }
    }
    std::ranges::sort(found.ms);
    return found;
  }
  bool have_come(const std::string& key, std::size_t count) {
    return eventually([&] { return waits(key, Time::min(), Time::max()).ms.size() >= count; });
  }
  /// How many seconds until all is there that was committed between `begin` and now.
  double until_come(Time begin) {
    const auto now = SteadyClock::now();
    EXPECT_TRUE(eventually([&] { return waits("", begin, now).missing == 0; }, 90s));
    return std::chrono::duration<double>(SteadyClock::now() - now).count();
  }
  /// All is there, in order by key; and once, if that is promised.
  void expect_whole() {
    EXPECT_TRUE(eventually([&] { return waits("", Time::min(), Time::max()).missing == 0; }, 90s));
    std::vector<Published> all;
    for (const auto& record : read_all(topic_, cluster_->address()))
      all.push_back({record.key, std::stoi(record.value)});
    const auto count = static_cast<int>(written_.size());
    EXPECT_EQ(is_exactly_once() ? fault_in_exactly_once(all, count) : fault_in(all, count), "");
  }

  static std::unique_ptr<PrivateStack> cluster_;
  const std::string topic_ = unique_topic("orders");
  const std::string checkpoints_ = unique_topic("checkpoints");
  std::vector<std::unique_ptr<PartitionReader>> readers_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, Time>> written_;  ///< the key of each message, and when it was committed
};

std::unique_ptr<PrivateStack> RelayBrokers::cluster_;

TEST_P(RelayBrokers, ADeadLeaderStallsItsShardAlone) {
  make_topics({{1}, {2}}, {1, 3});
  const auto relay = publisher();
  const auto alive = key_of(1, 0, 2);
  const auto dead = key_of(2, 1, 2);
  auto writer = std::make_unique<Writer>(*this, std::vector{alive, dead});
  ASSERT_TRUE(have_come(dead, 200)) << relay->err();
  const auto begin = SteadyClock::now();
  cluster_->kill(2);
  std::this_thread::sleep_for(10s);
  const auto end = SteadyClock::now();
  std::this_thread::sleep_for(1s);
  const auto of_alive = waits(alive, begin, end);
  EXPECT_EQ(of_alive.missing, 0U) << relay->err();
  // Kafka's own log of transactions waits for its copy on the broker that died, until that counts as gone: 3 s here.
  EXPECT_LT(of_alive.at(1), is_exactly_once() ? 6'000 : 2'000);
  EXPECT_LT(waits(alive, begin + 5s, end).at(0.99), 1'000);
  const auto of_dead = waits(dead, begin + 2s, end);
  EXPECT_TRUE(of_dead.ms.empty());
  EXPECT_GT(of_dead.missing, 0U);
  cluster_->start(2);
  const auto took = until_come(begin);
  writer.reset();
  expect_whole();
  fmt::print("of the other shard meanwhile: {}; all published {:.1f} s after the leader was back\n", of_alive.text(),
             took);
}

/// With keys for all partitions: each partition is one shard's.
TEST_P(RelayBrokers, ADeadLeaderStallsItsShardAloneWhateverTheKeys) {
  make_topics({{1}, {2}, {1}, {2}}, {1, 3});
  const auto relay = publisher({"--config", folder_.write("relay.toml", "[[encoding]]\npartition = \"shard\"\n")});
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) keys.push_back(fmt::format("k{}", i));
  auto writer = std::make_unique<Writer>(*this, keys);
  for (const auto& key : keys) ASSERT_TRUE(have_come(key, 100)) << relay->err();
  const auto begin = SteadyClock::now();
  cluster_->kill(2);
  std::this_thread::sleep_for(10s);
  const auto end = SteadyClock::now();
  std::this_thread::sleep_for(1s);
  std::size_t stalled = 0;
  for (const auto& key : keys) {
    if (outbox::shard_hash(key, 0) % 2 == 1) {
      ++stalled;
      EXPECT_TRUE(waits(key, begin + 2s, end).ms.empty()) << key;
      continue;
    }
    const auto of_key = waits(key, begin, end);
    EXPECT_EQ(of_key.missing, 0U) << key << relay->err();
    // Kafka's own log of transactions waits for its copy on the broker that died.
    EXPECT_LT(of_key.at(1), is_exactly_once() ? 6'000 : 2'000) << key;
    EXPECT_LT(waits(key, begin + 5s, end).at(0.99), 1'000) << key;
  }
  EXPECT_THAT(stalled, testing::AllOf(testing::Gt(5U), testing::Lt(15U)));
  cluster_->start(2);
  (void)until_come(begin);
  writer.reset();
  expect_whole();
}

/// A key of the shard that is stalled is in the partition that lives, too.
TEST_P(RelayBrokers, ADeadLeaderHoldsNoReaderUpLongerThanATransaction) {
  make_topics({{1}, {2}}, {1, 3});
  const auto relay = publisher({"--kafka-transaction-timeout-ms", "4000"});
  const auto alive = key_of(1, 0, 2);
  const auto dead = key_of(2, 1, 2);
  const auto beside = key_of(2, 0, 2);
  auto writer = std::make_unique<Writer>(*this, std::vector{alive, dead, beside});
  ASSERT_TRUE(have_come(dead, 200)) << relay->err();
  const auto begin = SteadyClock::now();
  cluster_->kill(2);
  std::this_thread::sleep_for(16s);
  const auto end = SteadyClock::now();
  std::this_thread::sleep_for(1s);
  const auto of_alive = waits(alive, begin, end);
  const auto of_beside = waits(beside, begin, end);
  EXPECT_EQ(of_alive.missing, 0U) << relay->err();
  EXPECT_LT(of_alive.at(1), is_exactly_once() ? 12'000 : 2'000);
  EXPECT_LT(waits(alive, begin + 12s, end).at(0.99), 1'000);
  if (!is_exactly_once()) {
    EXPECT_EQ(of_beside.missing, 0U) << "up to limits.in_flight";
  }
  cluster_->start(2);
  const auto took = until_come(begin);
  writer.reset();
  expect_whole();
  fmt::print(
      "of the other shard meanwhile: {}\nof the stalled shard, to the partition that lives: {}\nall published {:.1f} s "
      "after "
      "the leader was back\n",
      of_alive.text(), of_beside.text(), took);
}

TEST_P(RelayBrokers, ALeaderThatDiesOrFreezesLosesNothing) {
  make_topics({{2, 3, 1}, {3, 1, 2}, {1, 2, 3}}, {3, 2, 1}, {{"min.insync.replicas", "2"}});
  const auto relay = publisher();
  std::vector<std::string> keys;
  for (int i = 0; i < 7; ++i) keys.push_back(fmt::format("k{}", i));
  auto writer = std::make_unique<Writer>(*this, keys);
  ASSERT_TRUE(have_come("k1", 100)) << relay->err();
  const auto while_away = [&](const std::string& what, const std::function<void()>& go,
                              const std::function<void()>& come, std::chrono::seconds time) {
    const auto begin = SteadyClock::now();
    go();
    std::this_thread::sleep_for(time);
    const auto end = SteadyClock::now();
    come();
    (void)until_come(begin);
    const auto all = waits("", begin, end);
    fmt::print("{}: {}\n", what, all.text());
    EXPECT_LT(all.at(1), 18'000) << relay->err();
  };
  while_away(
      "the coordinator of transactions killed", [] { cluster_->kill(3); }, [] { cluster_->start(3); }, 6s);
  while_away(
      "another killed", [] { cluster_->kill(2); }, [] { cluster_->start(2); }, 6s);
  while_away(
      "frozen", [] { cluster_->pause(3); }, [] { cluster_->resume(3); }, 25s);
  writer.reset();
  expect_whole();
}

INSTANTIATE_TEST_SUITE_P(Delivery, RelayBrokers, ::testing::Values("at-least-once", "exactly-once"),
                         [](const auto& test) {
                           return std::string{test.param} == "exactly-once" ? "ExactlyOnce" : "AtLeastOnce";
                         });

}  // namespace
}  // namespace annals::tests
