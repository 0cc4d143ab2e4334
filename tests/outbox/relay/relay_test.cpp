#include <gmock/gmock.h>

#include <map>
#include <random>
#include <thread>

#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

class RelayDelivery : public RelayTestBase {};

TEST_F(RelayDelivery, PublishesEverythingInOrderAndThenIsIdle) {
  enqueue_numbers(0, 2500);
  RecordingSink sink{{.room = 300, .backwards = true}};
  auto relay = this->relay(sink, {.batch_rows_max = 700, .in_flight_max = 400});
  const auto report = run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 2500)));
  EXPECT_EQ(report.in_flight, 0U);
  EXPECT_EQ(report.acknowledged, 2500);
  EXPECT_EQ(report.checkpoint, 2500);
}

TEST_F(RelayDelivery, GoesOnFromItsCheckpoint) {
  enqueue_numbers(0, 10);
  {
    RecordingSink sink;
    auto relay = this->relay(sink);
    run_until_idle(relay);
  }
  enqueue_numbers(10, 5);
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(10, 5)));
}

TEST_F(RelayDelivery, PassesPositionsThatWereRolledBack) {
  enqueue("k", "0");
  {
    pqxx::work tx{*writer_};
    for (int i = 0; i < 3; ++i) outbox_.enqueue(tx, message("k", "rolled back"));
  }
  enqueue("k", "1");
  RecordingSink sink;
  auto relay = this->relay(sink);
  EXPECT_EQ(run_until_idle(relay).checkpoint, 5);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 2)));
}

TEST_F(RelayDelivery, HoldsNoTransactionWhileItTalksToTheSink) {
  enqueue_numbers(0, 50);
  std::vector<std::string> states;
  postgres::Connection observer{database_.database()};
  RecordingSink sink{{.on_send = [&] {
    const auto busy = observer.query(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
        "application_name = 'the-relay' AND xact_start IS NOT NULL");
    states.push_back(std::to_string(busy.bigint(0, 0)));
  }}};
  auto named = database_.database();
  named.application_name = "the-relay";
  outbox::Relay relay{named, log_, sink, clock_, {}};
  run_until_idle(relay);
  EXPECT_THAT(states, ElementsAreArray(std::vector<std::string>(50, "0")));
}

TEST_F(RelayDelivery, StopsReadingWhileTheSinkIsStalled) {
  enqueue_numbers(0, 1000);
  RecordingSink sink{{.stalled = true}};
  auto relay = this->relay(sink, {.batch_rows_max = 10, .in_flight_max = 25});
  std::size_t read = 0;
  for (int i = 0; i < 50; ++i) {
    const auto report = relay.step(1ms);
    read += report.read;
    EXPECT_LE(report.in_flight, 25U);
    EXPECT_EQ(report.acknowledged, 0);
    EXPECT_EQ(report.state, State::publishing);
  }
  EXPECT_EQ(read, 30U) << "what is in flight and the rest of one batch";
  sink.options().stalled = false;
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 1000)));
}

TEST_F(RelayDelivery, IsFinishedAfterDrain) {
  enqueue_numbers(0, 10);
  RecordingSink sink;
  auto relay = this->relay(sink);
  relay.step(20ms);
  EXPECT_TRUE(relay.drain(5s));
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "10");
}

TEST_F(RelayDelivery, DrainSaysWhenSomethingIsStillInFlight) {
  enqueue_numbers(0, 10);
  RecordingSink sink{{.stalled = true}};
  auto relay = this->relay(sink);
  relay.step(20ms);
  EXPECT_FALSE(relay.drain(50ms));
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "0");
}

TEST_F(RelayDelivery, RefusesOptionsThatCannotBeMeant) {
  RecordingSink sink;
  EXPECT_THROW(relay(sink, {.name = ""}), Error);
  EXPECT_THROW(relay(sink, {.batch_rows_max = 0}), Error);
  EXPECT_THROW(relay(sink, {.in_flight_max = 0}), Error);
  EXPECT_THROW(relay(sink, {.routes = {{"*", "t"}}}), Error);
  EXPECT_THROW(relay(sink, {.topics = {"no topic"}}), Error);
  EXPECT_THROW(relay(sink, {.topics = {"a*b"}}), Error);
  log_.names_topics = false;
  EXPECT_THROW(relay(sink), Error) << "a log without topics needs routes";
}

TEST_F(RelayDelivery, SaysThatTheSchemaIsMissing) {
  execute("DROP SCHEMA annals CASCADE");
  RecordingSink sink;
  auto relay = this->relay(sink);
  const auto error = error_of([&] { relay.step(0ms); });
  EXPECT_THAT(error.what(), HasSubstr("schema"));
}

/// Concurrent writers with sleeps and rollbacks; what committed must arrive, per key in order, once.
TEST_F(RelayDelivery, LosesNothingBesideConcurrentWriters) {
  const auto seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::mutex mutex;
  std::map<std::string, int> committed;
  std::atomic<int> writing = 4;
  const auto write = [&](unsigned writer) {
    std::mt19937 random{seed + writer};
    const auto connection = postgres::open_pqxx(database_.database());
    const auto key = fmt::format("w{}", writer);
    int next = 0;
    for (int i = 0; i < 150; ++i) {
      pqxx::work tx{*connection};
      const int count = 1 + static_cast<int>(random() % 3);
      for (int n = 0; n < count; ++n) outbox_.enqueue(tx, message(key, std::to_string(next + n)));
      if (random() % 8 == 0) tx.exec("SELECT pg_sleep(0.005)");
      if (random() % 5 == 0) continue;  // rolls back
      tx.commit();
      next += count;
    }
    const std::lock_guard lock{mutex};
    committed[key] = next;
    --writing;
  };
  RecordingSink sink;
  auto relay = this->relay(sink);
  {
    std::vector<std::jthread> writers;
    for (unsigned writer = 0; writer < 4; ++writer) writers.emplace_back(write, writer);
    while (writing > 0) relay.step(5ms);
  }
  run_until_idle(relay);
  std::map<std::string, int> received;
  for (const auto& message : sink.received) {
    EXPECT_EQ(message.payload, std::to_string(received[message.key]++)) << message.key << ", seed " << seed;
  }
  EXPECT_EQ(received, committed) << "seed " << seed;
}

using RelayDeathTest = RelayTestBase;

TEST_F(RelayDeathTest, StepAfterTheEndIsABug) {
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_TRUE(relay.drain(1s));
  EXPECT_DEATH((void)relay.step(0ms), "finished");
}

}  // namespace
}  // namespace annals::tests
