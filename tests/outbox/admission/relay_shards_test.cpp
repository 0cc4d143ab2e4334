#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "annals/outbox/parked.hpp"
#include "annals/outbox/shard.hpp"
#include "annals/outbox/shard_board.hpp"
#include "annals/outbox/status.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

/// Relays of all shards, each with a sink of its own.
class RelayShards : public RelayTestBase {
 protected:
  struct Part {
    std::unique_ptr<RecordingSink> sink = std::make_unique<RecordingSink>();
    std::unique_ptr<outbox::Relay> relay;
  };

  static outbox::RelayOptions shard(std::size_t index, std::size_t count) {
    return {.shard = {.index = index, .count = count}, .standby_poll = 1ms};
  }
  std::vector<Part> open(std::size_t count) {
    std::vector<Part> parts;
    for (std::size_t index = 1; index <= count; ++index) {
      auto& part = parts.emplace_back();
      part.relay =
          std::make_unique<outbox::Relay>(database_.as("relay"), log_, *part.sink, clock_, shard(index, count));
    }
    return parts;
  }
  void run(std::vector<Part>& parts) {
    for (auto& part : parts) run_until_idle(*part.relay);
    collect(parts);
  }
  /// Everything published so far, in the order of each key: keys keep to one shard at a time.
  void collect(std::vector<Part>& parts) {
    for (auto& part : parts) {
      for (const auto& message : part.sink->received) published_[message.key].push_back(message.payload);
      part.sink->received.clear();
    }
  }
  void expect_all(int count, int keys) {
    std::map<std::string, std::vector<std::string>> expected;
    for (int i = 0; i < count; ++i) expected[fmt::format("k{}", i % keys)].push_back(std::to_string(i));
    EXPECT_EQ(published_, expected);
  }
  void want(std::size_t shards) {
    postgres::Connection connection{database_.as("operator")};
    outbox::want_shards(connection, log_, "relay", shards);
  }
  outbox::ShardBoard::Look look() {
    postgres::Connection connection{database_.as("relay")};
    outbox::ShardBoard board{connection, log_, "relay", 1, {.id = EventId::generate(), .host = "test", .pid = 1}};
    return board.look();
  }
  void retire(std::vector<Part>& parts) {
    for (auto& part : parts) {
      EXPECT_TRUE(part.relay->retire(1s));
    }
    collect(parts);
  }
  std::string numbers_of_shards() { return scalar("SELECT shards || ' ' || wanted FROM annals.relay_shards"); }

  std::map<std::string, std::vector<std::string>> published_;
};

TEST_F(RelayShards, DivideTheLogByKey) {
  auto parts = open(4);
  enqueue_numbers(0, 400, 40);
  std::map<std::string, std::set<std::size_t>> shards_of;
  for (auto& part : parts) run_until_idle(*part.relay);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_GT(parts[i].sink->received.size(), 0U) << "40 keys and 4 shards";
    for (const auto& message : parts[i].sink->received) shards_of[message.key].insert(i);
  }
  for (const auto& [key, shards] : shards_of) EXPECT_EQ(shards.size(), 1U) << key;
  collect(parts);
  expect_all(400, 40);
}

TEST_F(RelayShards, DivideMessagesWithoutKeyByPosition) {
  pqxx::work tx{*writer_};
  for (int i = 0; i < 64; ++i) {
    auto without = message("", std::to_string(i));
    outbox_.enqueue(tx, without);
  }
  tx.commit();
  auto parts = open(2);
  run(parts);
  EXPECT_THAT(published_[""], UnorderedElementsAreArray(numbers(0, 64)));
}

// What hash partitioning keeps rows by is the same in every version and build.
TEST_F(RelayShards, TheHashIsTheSameForGood) {
  enqueue("order-42", "1");
  const auto hash = fmt::format("SELECT {} FROM annals.outbox o", log_.shard_hash);
  EXPECT_EQ(scalar(hash), "3159086479065790272") << "relays of two versions would publish a key both, or neither";
}

// Whoever chooses partitions by it must come to what the server comes to.
TEST_F(RelayShards, TheHashIsTheServers) {
  std::vector<std::string> texts;
  std::vector<std::int64_t> numbers{1, -1, 0x7fffffff, 0x80000000, 0xffffffff, 100'000'000'000, -100'000'000'000};
  for (std::size_t size = 1; size <= 60; ++size) {
    texts.emplace_back(size, 'k');
    texts.push_back(std::string(size / 2, 'z') + std::string("\xc3\xa4\xf0\x9f\x98\x80") + std::string(size, 'A'));
    numbers.push_back(static_cast<std::int64_t>(size * size * size * 1'000'003));
  }
  postgres::Connection connection{database_.as("reader")};
  const auto bits = [&](const std::string& expression, const postgres::Params& params) {
    return connection.query("SELECT " + expression + " & 9223372036854775807", params).bigint(0, 0);
  };
  for (const auto& text : texts) {
    EXPECT_EQ(outbox::shard_hash(text, 1), bits("hashtextextended($1::text, 0)", postgres::Params{}.text(text)))
        << text;
  }
  for (const auto number : numbers) {
    EXPECT_EQ(outbox::shard_hash("", number), bits("hashint8extended($1, 0)", postgres::Params{}.bigint(number)))
        << number;
  }
}

// Else retention would wait for it, and its next owner would begin at the beginning.
TEST_F(RelayShards, AQuietShardMovesOnWithTheOthers) {
  auto parts = open(4);
  run(parts);
  for (int i = 0; i < 20; ++i) enqueue("one-key", std::to_string(i));
  for (auto& part : parts) {
    step_until(*part.relay, [&](const auto&) {
      return scalar(fmt::format(
                 "SELECT count(*) FROM annals.relay_checkpoints WHERE relay LIKE 'relay/{}-of-4' AND position = 20",
                 &part - parts.data() + 1)) == "1";
    });
  }
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_checkpoints c JOIN annals.outbox o USING (position, message_id)"),
            "4")
      << "each stands on a row that is there";
}

/// What is open delays itself alone, and does not let the division change.
TEST_F(RelayShards, AnOpenTransactionDelaysNothingElseAndIsNeverPassedOver) {
  auto parts = open(2);
  run(parts);
  pqxx::work open_one{*writer_};
  for (int i = 0; i < 8; ++i) outbox_.enqueue(open_one, message(fmt::format("k{}", i), std::to_string(i)));
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work later{*other};
  for (int i = 8; i < 16; ++i) outbox_.enqueue(later, message(fmt::format("k{}", i), std::to_string(i)));
  later.commit();
  {
    const auto third = postgres::open_pqxx(database_.as("writer"));
    pqxx::work never{*third};
    outbox_.enqueue(never, message("k0", "never"));
  }
  const auto deadline = clock_.steady() + 20s;
  while (published_.size() < 8 && clock_.steady() < deadline) {
    for (auto& part : parts) part.relay->step(5ms);
    collect(parts);
  }
  EXPECT_EQ(published_.size(), 8U) << "each of them has a key of its own";
  want(3);
  for (auto& part : parts) EXPECT_FALSE(part.relay->retire(1s)) << "its place is not a single one";
  open_one.commit();
  auto again = open(2);
  run(again);
  retire(again);
  auto new_ones = open(3);
  (void)look();
  run(new_ones);
  expect_all(16, 16);
}

/// Takes everything and confirms nothing, like a broker whose partition has no leader.
class StalledSink final : public outbox::Sink {
 public:
  Send send(const outbox::MessageView&) override { return Send::accepted; }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>&) override {
    std::this_thread::sleep_for(std::min(wait, 5ms));
  }
};

TEST_F(RelayShards, OneThatStallsHoldsNoOtherUp) {
  StalledSink stalled;
  RecordingSink sink;
  outbox::Relay first{database_.as("relay"), log_, stalled, clock_, shard(1, 2)};
  outbox::Relay second{database_.as("relay"), log_, sink, clock_, shard(2, 2)};
  for (int i = 0; i < 40; ++i) enqueue(fmt::format("k{}", i), std::to_string(i));
  const auto report = step_until(first, [](const auto& r) { return r.in_flight > 0; });
  run_until_idle(second);
  EXPECT_EQ(report.in_flight + sink.received.size(), 40U);
  (void)first.step(1ms);
}

/// A checkpoint of a division that is not there would hold up whoever removes published rows.
TEST_F(RelayShards, NobodyAdoptsForOneThatThereIsNot) {
  auto parts = open(2);
  enqueue("k", "0");
  run(parts);
  for (auto& part : parts) EXPECT_TRUE(part.relay->drain(1s));
  postgres::Connection connection{database_.as("operator")};
  for (const auto* name : {"relay", "relay/1-of-3"}) {
    try {
      (void)outbox::adopt_checkpoint(connection, log_, {.relay = name, .position = 0});
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid);
      EXPECT_THAT(error.hint(), HasSubstr("annals relay shards"));
    }
  }
  EXPECT_EQ(outbox::adopt_checkpoint(connection, log_, {.relay = "relay/2-of-2", .position = 0}).position, 0);
}

TEST_F(RelayShards, AreRefusedWhenThereAreNotSoMany) {
  auto parts = open(4);
  run(parts);
  RecordingSink sink;
  auto old = relay(sink, {.standby_poll = 1ms});
  const auto error = error_of([&] { old.step(1ms); });
  EXPECT_THAT(error.what(), HasSubstr("\"relay\" has 4 shards"));
  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_checkpoints"), "4");
}

TEST_F(RelayShards, ARelayThatHasPublishedHasOneWhateverIsConfigured) {
  execute("DELETE FROM annals.relay_shards");
  {
    RecordingSink sink;
    auto single = relay(sink);
    enqueue_numbers(0, 10);
    run_until_idle(single);
    ASSERT_TRUE(single.drain(1s));
  }
  execute("DELETE FROM annals.relay_shards");
  RecordingSink sink;
  auto one_of_four = relay(sink, shard(1, 4));
  EXPECT_THAT(error_of([&] { one_of_four.step(1ms); }).what(), HasSubstr("\"relay\" has 1 shard"));
  EXPECT_TRUE(sink.received.empty());
}

TEST_F(RelayShards, RefuseWhatCannotBe) {
  RecordingSink sink;
  auto wal = shard(1, 4);
  wal.read_from = outbox::ReadFrom::wal;
  EXPECT_THAT(error_of([&] { (void)relay(sink, wal); }).what(), HasSubstr("source = \"table\""));
  EXPECT_EQ(error_of([&] { (void)relay(sink, {.name = "a/1-of-2"}); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(error_of([&] { (void)relay(sink, shard(5, 4)); }).kind(), ErrorKind::invalid);
}

// Up, down, to one and back, each time in the middle of the log, and each shard somewhere else.
TEST_F(RelayShards, ANewNumberKeepsEveryKeyInOrderAndRepeatsNothing) {
  int count = 0;
  for (const std::size_t shards : {1U, 4U, 3U, 1U, 5U}) {
    if (count > 0) {
      want(shards);
      EXPECT_FALSE(look().catching_up);
    }
    if (count > 0) {
      ASSERT_EQ(numbers_of_shards(), fmt::format("{0} {0}", shards)) << "it was carried out";
    }
    auto parts = open(shards);
    enqueue_numbers(count, 200, 20);
    count += 200;
    run(parts);
    // Some shards stay behind.
    enqueue_numbers(count, 200, 20);
    count += 200;
    for (std::size_t i = 0; i < parts.size(); i += 2) run_until_idle(*parts[i].relay);
    want(shards == 5 ? 2 : 7);  // any other
    retire(parts);
  }
  want(2);
  (void)look();
  auto parts = open(2);
  run(parts);
  expect_all(count, 20);
}

TEST_F(RelayShards, AShardThatHasRetiredIsNotOpenedAgain) {
  auto parts = open(2);
  enqueue_numbers(0, 100, 10);
  run(parts);
  want(3);
  EXPECT_TRUE(parts[0].relay->retire(1s));
  RecordingSink sink;
  auto again = relay(sink, shard(1, 2));
  EXPECT_THAT(error_of([&] { again.step(1ms); }).what(), HasSubstr("has retired"));
  (void)look();
  EXPECT_EQ(numbers_of_shards(), "2 3") << "not before the other";
  EXPECT_TRUE(parts[1].relay->retire(1s));
  (void)look();
  EXPECT_EQ(numbers_of_shards(), "3 3");
}

TEST_F(RelayShards, AnOperatorMayThinkBetterOfIt) {
  auto parts = open(2);
  run(parts);
  want(3);
  EXPECT_TRUE(parts[0].relay->retire(1s));
  want(2);
  (void)look();
  enqueue_numbers(0, 100, 10);
  auto again = open(2);
  parts.clear();
  run(again);
  expect_all(100, 10);
}

TEST_F(RelayShards, TheNextChangeWaitsUntilTheLastIsBehind) {
  auto parts = open(2);
  enqueue_numbers(0, 100, 10);
  run_until_idle(*parts[0].relay);  // the other one stays at the beginning
  run_until_idle(*parts[1].relay);
  enqueue_numbers(100, 100, 10);
  run_until_idle(*parts[0].relay);
  want(3);
  retire(parts);
  (void)look();
  want(4);
  EXPECT_TRUE(look().catching_up);
  auto three = open(3);
  while (look().catching_up) {  // a shard without messages of its own records its place every second
    for (auto& part : three) part.relay->step(5ms);
  }
  run(three);
  retire(three);
  (void)look();
  auto four = open(4);
  run(four);
  expect_all(200, 10);
}

// A zombie of the old division can neither write a checkpoint nor keep the log.
TEST_F(RelayShards, AFormerOwnerIsShutOutOfTheOldDivision) {
  auto zombies = open(1);
  zombies[0].sink->options().stalled = true;
  enqueue_numbers(0, 50, 5);
  zombies[0].relay->step(20ms);
  execute(
      "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted "
      "AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) "
      "AND objsubid = 1");
  auto successor = open(1);
  step_until(*successor[0].relay, [](const auto& report) { return report.state != State::standby; });
  run_until_idle(*successor[0].relay);
  want(2);
  retire(successor);
  (void)look();
  auto parts = open(2);
  enqueue_numbers(50, 50, 5);
  run(parts);
  zombies[0].sink->options().stalled = false;
  EXPECT_EQ(error_of([&] { run_until_idle(*zombies[0].relay); }).kind(), ErrorKind::disconnected);
  expect_all(100, 5);
}

// Parked messages and decisions go along with their keys.
TEST_F(RelayShards, WhatIsParkedGoesToTheShardOfItsKey) {
  auto options = [](std::size_t index, std::size_t count) {
    auto parking = shard(index, count);
    parking.on_poison = {{.topics = "*", .policy = outbox::PoisonPolicy::park}};
    return parking;
  };
  enqueue_numbers(0, 40, 10);
  std::vector<Part> parts;
  for (std::size_t index = 1; index <= 2; ++index) {
    auto& part = parts.emplace_back();
    part.sink->options().unsendable = {4};  // of k3
    part.relay = std::make_unique<outbox::Relay>(database_.as("relay"), log_, *part.sink, clock_, options(index, 2));
  }
  run(parts);
  EXPECT_THAT(published_["k3"], ::testing::IsEmpty());
  const auto before = scalar("SELECT min(relay) FROM annals.relay_parked");
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_parked WHERE relay = '" + before + "'"), "4");
  {
    postgres::Connection connection{database_.as("operator")};
    outbox::decide_parked(connection, log_,
                          {.relay = before, .position = 4, .action = outbox::ParkedAction::retry, .reason = "mended"});
  }
  want(3);
  retire(parts);
  (void)look();
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_parked WHERE relay LIKE 'relay/_-of-3'"), "4");
  EXPECT_EQ(scalar("SELECT min(d.relay) FROM annals.relay_decisions d"),
            scalar("SELECT min(relay) FROM annals.relay_parked"));
  enqueue_numbers(40, 40, 10);
  auto three = std::vector<Part>{};
  for (std::size_t index = 1; index <= 3; ++index) {
    auto& part = three.emplace_back();
    part.relay = std::make_unique<outbox::Relay>(database_.as("relay"), log_, *part.sink, clock_, options(index, 3));
  }
  for (auto& part : three)
    step_until(*part.relay, [](const auto& r) { return r.state == State::idle && r.parked_keys == 0; });
  collect(three);
  expect_all(80, 10);
}

TEST_F(RelayShards, ProcessesSeeEachOther) {
  postgres::Connection first_session{database_.as("relay")};
  postgres::Connection second_session{database_.as("relay")};
  outbox::ShardBoard first{first_session, log_, "relay", 4, {.id = EventId::generate(), .host = "a", .pid = 1}};
  EXPECT_EQ(first.look().instances, 1U);
  {
    outbox::ShardBoard second{second_session, log_, "relay", 2, {.id = EventId::generate(), .host = "b", .pid = 2}};
    const auto seen = second.look();
    EXPECT_EQ(seen.instances, 2U);
    EXPECT_EQ(seen.rank, 1U);
    EXPECT_EQ(seen.shards.size(), 4U) << "the first one said how many";
    EXPECT_EQ(first.look().instances, 2U);
    execute("SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = " +
            std::to_string(second_session.backend_pid()));
    while (first.look().instances != 1) std::this_thread::sleep_for(5ms);
  }
  (void)first.look();
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_instances"), "1") << "the dead one's row is removed";
  first.leave();
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_instances"), "0");
}

}  // namespace
}  // namespace annals::tests
