// Several processes that share the shards of one relay, killed, stopped, cut off, and told another number.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "annals/outbox/message_log.hpp"
#include "annals/outbox/shard_board.hpp"
#include "daemon_test.hpp"
#include "support/kafka_topic.hpp"
#include "support/published.hpp"
#include "support/through.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class RelayDaemonShards : public RelayDaemonTest, public ::testing::WithParamInterface<const char*> {
 protected:
  std::unique_ptr<RelayProcess> member(std::map<std::string, std::string> environment = {}, int shards = 4) {
    Arguments arguments{"--brokers",
                        kafka_brokers(),
                        "--shards",
                        std::to_string(shards),
                        "--delivery",
                        GetParam(),
                        "--checkpoint-interval-ms",
                        "100",
                        "--retry-max-ms",
                        "200",
                        "--kafka-checkpoint-topic",
                        checkpoints_};
    return start(arguments, std::move(environment));
  }

  /// How many shards a process owns, by its metrics.
  static int owned(const RelayProcess& process) {
    const auto text = process.get("/metrics").body;
    int count = 0;
    for (const char* state : {"idle", "publishing", "blocked"}) {
      const auto end = fmt::format("state=\"{}\"}} 1\n", state);
      for (auto at = text.find(end); at != std::string::npos; at = text.find(end, at + 1)) ++count;
    }
    return count;
  }
  bool share(const std::vector<const RelayProcess*>& processes, const std::vector<int>& expected,
             std::chrono::seconds deadline = 30s) {
    return eventually(
        [&] {
          std::vector<int> counts;
          for (const auto* process : processes) counts.push_back(owned(*process));
          return counts == expected;
        },
        deadline);
  }

  /// The epochs of all shards: who has one more has been won by another process.
  int owners_so_far() { return std::stoi(scalar("SELECT sum(epoch) FROM annals.relay_checkpoints")); }

  void want(std::size_t shards) {
    postgres::Connection connection{database_.as("operator")};
    outbox::want_shards(connection, outbox::message_log("annals"), "relay", shards);
  }

  /// Enqueues in the background until stopped.
  class Writer {
   public:
    explicit Writer(RelayDaemonShards& test)
        : thread_([this, &test](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
              test.enqueue(test.topic_, count_, 20);
              count_ += 20;
              std::this_thread::sleep_for(10ms);
            }
          }) {}
    int stop() {
      thread_.request_stop();
      thread_.join();
      return count_;
    }

   private:
    std::atomic<int> count_{0};
    std::jthread thread_;
  };

  std::vector<Published> published() const {
    std::vector<Published> all;
    for (const auto& record : read_all(topic_)) {
      all.push_back({record.key, nlohmann::json::parse(record.value).at("n").get<int>()});
    }
    return all;
  }
  /// Everything is there, in order by key; and once, if that is promised.
  void expect_whole(int count) {
    const bool there = eventually([&] {
      std::set<int> numbers;
      for (const auto& message : published()) numbers.insert(message.number);
      return static_cast<int>(numbers.size()) == count;
    });
    const auto all = published();
    EXPECT_EQ(fault_in(all, count), "");
    EXPECT_TRUE(there);
    if (GetParam() == std::string_view{"exactly-once"}) {
      EXPECT_EQ(static_cast<int>(all.size()), count);
    }
  }
  /// How long until a message of each key that is enqueued now is published.
  std::chrono::milliseconds until_published(int& count) {
    enqueue(topic_, count, 14);
    count += 14;
    return until([&] { return numbers().size() == static_cast<std::size_t>(count); });
  }
  /// How long until something comes true, which it must.
  std::chrono::milliseconds until(const std::function<bool()>& condition) {
    const auto begin = Clock::now();
    EXPECT_TRUE(eventually(condition));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    RecordProperty("ms", static_cast<int>(took.count()));
    return took;
  }
  /// Two processes that have two shards each.
  void start_two(const std::map<std::string, std::string>& of_first = {}) {
    first_ = member(of_first);
    ASSERT_TRUE(share({first_.get()}, {4})) << first_->err();
    second_ = member();
    ASSERT_TRUE(share({first_.get(), second_.get()}, {2, 2})) << second_->err();
  }
  std::set<int> numbers() const {
    std::set<int> numbers;
    for (const auto& message : published()) numbers.insert(message.number);
    return numbers;
  }

  std::unique_ptr<RelayProcess> first_;
  std::unique_ptr<RelayProcess> second_;
  const std::string topic_ = create_topic(unique_topic("orders"), 4);
  const std::string checkpoints_ = unique_topic("checkpoints");
};

TEST_P(RelayDaemonShards, AreSharedAsProcessesComeAndGo) {
  Writer writer{*this};
  auto first = member();
  ASSERT_TRUE(share({first.get()}, {4})) << first->err();
  auto second = member();
  ASSERT_TRUE(share({first.get(), second.get()}, {2, 2})) << first->err() << second->err();
  auto third = member();
  ASSERT_TRUE(share({first.get(), second.get(), third.get()}, {2, 1, 1})) << third->err();
  second->signal(SIGTERM);
  EXPECT_EQ(second->wait_for_exit(), 0) << second->err();
  ASSERT_TRUE(share({first.get(), third.get()}, {2, 2}));
  first->signal(SIGTERM);
  EXPECT_EQ(first->wait_for_exit(), 0) << first->err();
  ASSERT_TRUE(share({third.get()}, {4}));
  EXPECT_TRUE(eventually([&] { return third->ready(); })) << third->get("/readyz").body;
  expect_whole(writer.stop());
}

TEST_P(RelayDaemonShards, PassOnWithinThreeSecondsOfAKill) {
  int count = 0;
  ASSERT_NO_FATAL_FAILURE(start_two());
  (void)until_published(count);
  first_->signal(SIGKILL);
  const auto took = until_published(count);
  EXPECT_LT(took, 3s);
  expect_whole(count);
}

TEST_P(RelayDaemonShards, PassOnWithinASecondOfATerm) {
  int count = 0;
  ASSERT_NO_FATAL_FAILURE(start_two());
  (void)until_published(count);
  const auto hand_over = [&] {
    first_->signal(SIGTERM);
    return until([&] { return share({second_.get()}, {4}); });
  };
  auto took = hand_over();
  if (took >= 1s) {  // the machine may have had something else to do
    first_ = member();
    ASSERT_TRUE(share({second_.get(), first_.get()}, {2, 2})) << first_->err();
    took = std::min(took, hand_over());
  }
  EXPECT_LT(took, 1s) << second_->err();
  (void)until_published(count);
  expect_whole(count);
}

// The lease is 5 s by default; a process that is woken after it has lost everything.
TEST_P(RelayDaemonShards, PassOnWithinTheLeaseOfAStopAndTheZombieHarmsNothing) {
  ASSERT_NO_FATAL_FAILURE(start_two());
  Writer writer{*this};
  std::this_thread::sleep_for(500ms);
  const auto owners = owners_so_far();
  first_->signal(SIGSTOP);
  const auto took = until([&] { return owners_so_far() == owners + 2; });
  EXPECT_LT(took, 7s) << second_->err();
  ASSERT_TRUE(share({second_.get()}, {4})) << second_->err();
  std::this_thread::sleep_for(1s);
  first_->signal(SIGCONT);
  ASSERT_TRUE(share({first_.get(), second_.get()}, {2, 2})) << first_->err();
  expect_whole(writer.stop());
}

TEST_P(RelayDaemonShards, PassOnWithinTheLeaseWhenTheNetworkIsCut) {
  postgres::Connection direct{database_.superuser()};
  TcpProxy proxy{"127.0.0.1", server_port(direct)};
  ASSERT_NO_FATAL_FAILURE(
      start_two({{"ANNALS_DATABASE", uri_through(proxy, scalar("SELECT pg_catalog.current_database()"))}}));
  Writer writer{*this};
  std::this_thread::sleep_for(500ms);
  const auto owners = owners_so_far();
  proxy.freeze();
  const auto took = until([&] { return owners_so_far() == owners + 2; });
  EXPECT_LT(took, 7s) << second_->err();
  ASSERT_TRUE(share({second_.get()}, {4})) << second_->err();
  proxy.thaw();
  ASSERT_TRUE(share({first_.get(), second_.get()}, {2, 2})) << first_->err();
  expect_whole(writer.stop());
}

TEST_P(RelayDaemonShards, AnotherNumberOfThemIsCarriedOutWhileTheyPublish) {
  Writer writer{*this};
  auto first = member({}, 1);
  auto second = member({}, 1);
  ASSERT_TRUE(eventually([&] { return owned(*first) + owned(*second) == 1; })) << first->err();
  for (const std::size_t shards : {4U, 2U, 1U, 3U}) {
    want(shards);
    ASSERT_TRUE(eventually([&] {
      return scalar("SELECT shards FROM annals.relay_shards") == std::to_string(shards) &&
             owned(*first) + owned(*second) == static_cast<int>(shards);
    })) << shards
        << first->err() << second->err();
  }
  const auto count = writer.stop();
  expect_whole(count);
  EXPECT_EQ(published().size(), static_cast<std::size_t>(count)) << "a planned change repeats nothing";
}

TEST_P(RelayDaemonShards, AnotherNumberIsCarriedOutThoughAnOwnerIsKilledMeanwhile) {
  Writer writer{*this};
  auto first = member({}, 3);
  ASSERT_TRUE(share({first.get()}, {3})) << first->err();
  auto second = member({}, 3);
  ASSERT_TRUE(share({first.get(), second.get()}, {2, 1})) << second->err();
  want(2);
  first->signal(SIGKILL);
  ASSERT_TRUE(share({second.get()}, {2})) << second->err();
  EXPECT_EQ(scalar("SELECT shards FROM annals.relay_shards"), "2");
  expect_whole(writer.stop());
}

INSTANTIATE_TEST_SUITE_P(Delivery, RelayDaemonShards, ::testing::Values("at-least-once", "exactly-once"),
                         [](const auto& test) {
                           return std::string{test.param} == "exactly-once" ? "ExactlyOnce" : "AtLeastOnce";
                         });

}  // namespace
}  // namespace annals::tests
