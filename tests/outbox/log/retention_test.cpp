#include "annals/outbox/retention.hpp"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <future>
#include <map>
#include <thread>

#include "annals/outbox/status.hpp"
#include "annals/postgres/migrator.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using outbox::maintain_outbox;
using outbox::RetentionPolicy;
using testing::ElementsAre;
using testing::HasSubstr;
using Action = outbox::MaintenanceStep::Action;
using PartitionState = outbox::PartitionStatus::State;

class Retention : public RelayTestBase {
 protected:
  static constexpr std::int64_t width = 100'000'000'000;

  static RetentionPolicy at_once(std::int64_t rows = 3) {
    return {.retain = "0", .partition_span = "1 day", .partition_rows = rows};
  }
  void keep(const RetentionPolicy& policy) { outbox::set_retention(operator_, "annals", policy); }
  outbox::MaintenanceStep step() { return maintain_outbox(maintainer_, "annals"); }
  /// Until nothing is left to do, what was done: "rolled outbox_p1".
  std::vector<std::string> maintain() {
    std::vector<std::string> done;
    for (auto did = step(); did.more(); did = step()) done.push_back(to_string(did.action) + " " + did.partition);
    return done;
  }
  void publish(const std::string& name = "relay") {
    RecordingSink sink;
    outbox::RelayOptions options;
    options.name = name;
    options.start = outbox::Start{};
    auto relay = this->relay(sink, options);
    run_until_idle(relay);
    published_[name] += sink.received.size();
  }
  /// Publishes two partitions, and has an operator set the relay back, who has not committed it yet.
  postgres::Connection set_back() {
    enqueue_numbers(0, 3);
    publish();
    maintain();
    enqueue_numbers(3, 1);
    publish();
    const auto first = scalar("SELECT message_id FROM annals.outbox WHERE position = 1");
    postgres::Connection other{database_.as("operator")};
    other.execute(fmt::format("BEGIN; UPDATE annals.relay_checkpoints SET position = 1, message_id = '{}'", first));
    return other;
  }
  std::vector<std::string> partitions() {
    std::vector<std::string> found;
    for (const auto& partition : status().partitions) found.push_back(partition.name);
    return found;
  }
  outbox::RetentionStatus status() { return outbox::read_retention(doctor_, "annals"); }

  postgres::Connection operator_{database_.as("operator")};
  postgres::Connection maintainer_{database_.as("relay")};
  postgres::Connection doctor_{database_.as("doctor")};
  std::map<std::string, std::size_t> published_;
};

// What is kept

TEST_F(Retention, KeepsEverythingUnlessToldOtherwise) {
  enqueue_numbers(0, 100);
  publish();
  EXPECT_FALSE(status().policy.retain.has_value());
  EXPECT_THAT(maintain(), ElementsAre());
  EXPECT_THAT(partitions(), ElementsAre("outbox_p0", "outbox_p1", "outbox_p2"));
  EXPECT_EQ(status().overdue(), nullptr);
  EXPECT_EQ(status().partitions[0].state, PartitionState::written);
  EXPECT_EQ(status().partitions[1].state, PartitionState::ahead);
}

TEST_F(Retention, DropsWhatEveryRelayHasPassedAndGoesOn) {
  keep(at_once(10));
  enqueue_numbers(0, 10);
  publish();
  EXPECT_THAT(maintain(), ElementsAre("rolled outbox_p1", "attached outbox_p3"));
  EXPECT_EQ(enqueue("k", "10"), width);
  publish();
  EXPECT_THAT(maintain(), ElementsAre("dropped outbox_p0"));
  enqueue_numbers(11, 9);
  publish();
  EXPECT_THAT(maintain(), ElementsAre("rolled outbox_p2", "attached outbox_p4"));
  EXPECT_THAT(partitions(), ElementsAre("outbox_p1", "outbox_p2", "outbox_p3", "outbox_p4"));
  EXPECT_EQ(published_["relay"], 20U);
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.outbox"), "10");
}

TEST_F(Retention, KeepsARowForAsLongAsItIsTold) {
  keep({.retain = "1 hour", .partition_rows = 2});
  enqueue_numbers(0, 2);
  EXPECT_EQ(maintain().front(), "rolled outbox_p1");
  enqueue_numbers(2, 1);
  publish();
  EXPECT_THAT(maintain(), ElementsAre());
  EXPECT_EQ(status().partitions.front().state, PartitionState::kept);
  keep({.retain = "1 millisecond"});
  EXPECT_EQ(status().partitions.front().state, PartitionState::spent);
  EXPECT_THAT(maintain(), ElementsAre("dropped outbox_p0"));
}

TEST_F(Retention, KeepsAPartitionForAsLongAsItsYoungestRow) {
  keep({.retain = "1 hour", .partition_rows = 2});
  execute(
      "INSERT INTO annals.outbox (recorded_at, message_id, content_type, topic, type, payload) "
      "VALUES (now() - interval '1 day', gen_random_uuid(), 0, 'orders', 'T', '')");
  enqueue_numbers(0, 1);
  EXPECT_EQ(maintain().front(), "rolled outbox_p1");
  enqueue_numbers(1, 1);
  publish();
  EXPECT_THAT(maintain(), ElementsAre());
}

TEST_F(Retention, RollsWhenTheTimeOfAPartitionIsOver) {
  keep({.retain = "1 second"});
  enqueue_numbers(0, 1);
  std::this_thread::sleep_for(1100ms);
  EXPECT_THAT(maintain(), ElementsAre()) << "a partition takes an hour at least, unless it is said";
  keep({.retain = "8 days"});
  EXPECT_THAT(maintain(), ElementsAre());
  keep({.retain = "8 days", .partition_span = "1 second"});
  EXPECT_EQ(maintain().front(), "rolled outbox_p1");
  EXPECT_THAT(maintain(), ElementsAre()) << "an empty partition has no time that could be over";
}

// Relays

TEST_F(Retention, WaitsForEveryRelayAndSaysForWhich) {
  keep(at_once());
  enqueue_numbers(0, 3);
  publish("forgotten");
  publish("shop");
  maintain();
  enqueue_numbers(3, 1);
  publish("shop");
  EXPECT_THAT(maintain(), ElementsAre());
  const auto held = status();
  ASSERT_NE(held.overdue(), nullptr);
  EXPECT_EQ(held.overdue()->name, "outbox_p0");
  EXPECT_EQ(held.overdue()->state, PartitionState::held);
  EXPECT_EQ(held.overdue()->held_by, "forgotten");

  outbox::forget_checkpoint(operator_, log_, "forgotten");
  EXPECT_EQ(status().partitions.front().state, PartitionState::spent);
  EXPECT_EQ(maintain().front(), "dropped outbox_p0");
}

TEST_F(Retention, AsksNoRelayOfAnotherLog) {
  keep(at_once());
  execute(
      "INSERT INTO annals.relay_checkpoints (relay, log, position, message_id, system_identifier, timeline) "
      "VALUES ('a', 'events', 1, gen_random_uuid(), '1', '1')");
  enqueue_numbers(0, 3);
  maintain();
  enqueue_numbers(3, 1);
  publish();
  EXPECT_EQ(status().partitions.front().state, PartitionState::spent);
  EXPECT_THAT(maintain(), ElementsAre("dropped outbox_p0"));
}

TEST_F(Retention, DropsNothingWhereNoRelayHasPublished) {
  keep(at_once());
  enqueue_numbers(0, 3);
  EXPECT_EQ(maintain().front(), "rolled outbox_p1");
  enqueue_numbers(3, 1);
  EXPECT_THAT(maintain(), ElementsAre());
  EXPECT_EQ(status().partitions.front().state, PartitionState::held);
  publish();
  EXPECT_EQ(published_["relay"], 4U);
}

TEST_F(Retention, KeepsTheRowAtEveryCheckpoint) {
  keep(at_once());
  enqueue_numbers(0, 3);
  publish();
  EXPECT_THAT(maintain(), ElementsAre("rolled outbox_p1", "attached outbox_p3")) << "its last row is the checkpoint's";
  publish();
  enqueue_numbers(3, 1);
  publish();
  EXPECT_THAT(maintain(), ElementsAre("dropped outbox_p0"));
  publish();
  EXPECT_EQ(published_["relay"], 4U);
}

TEST_F(Retention, CountsWhatWaitsWithoutTheGap) {
  keep(at_once());
  enqueue_numbers(0, 2);
  publish();
  enqueue_numbers(2, 3);
  maintain();
  enqueue_numbers(5, 4);
  const auto relays = outbox::read_relay_status(doctor_, {log_});
  ASSERT_EQ(relays.size(), 1U);
  EXPECT_EQ(relays[0].lag_messages, 7);
}

TEST_F(Retention, ForgetsNoRelayThatIsNeeded) {
  enqueue_numbers(0, 1);
  RecordingSink sink;
  auto running = relay(sink);
  run_until_idle(running);
  EXPECT_THAT(error_of([&] { outbox::forget_checkpoint(operator_, log_, "relay"); }).what(), HasSubstr("is running"));
  EXPECT_THAT(error_of([&] { outbox::forget_checkpoint(operator_, log_, "nobody"); }).what(),
              HasSubstr("no checkpoint"));
}

// Writers

TEST_F(Retention, WaitsForNoWriterAndHoldsNoneUp) {
  keep(at_once());
  enqueue_numbers(0, 3);
  pqxx::work open{*writer_};
  outbox_.enqueue(open, message("slow", "slow"));
  const auto busy = step();
  EXPECT_EQ(busy.action, Action::busy);
  EXPECT_THAT(busy.detail, HasSubstr(fmt::format("pid {}", writer_->backendpid())));
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work quick{*other};
  outbox_.enqueue(quick, message("quick", "quick"));
  quick.commit();
  open.commit();
  EXPECT_EQ(step().action, Action::rolled);
}

/// Where there is always somebody, the operator says for how long he may be held up.
TEST_F(Retention, WaitsForWritersAsLongAsItMay) {
  keep(at_once());
  enqueue_numbers(0, 3);
  std::atomic<bool> stop{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const auto session = postgres::open_pqxx(database_.as("writer"));
      while (!stop) {
        pqxx::work tx{*session};
        outbox_.enqueue(tx, message("k", "x"));
        std::this_thread::sleep_for(200ms);
        tx.commit();
      }
    });
  }
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(step().action, Action::busy);
  auto patient = at_once();
  patient.lock_wait = "5 seconds";
  keep(patient);
  EXPECT_EQ(step().action, Action::rolled);
  stop = true;
}

/// A row of the partition that is to go, not committed yet: no relay has passed it, whatever a checkpoint says.
TEST_F(Retention, DropsNothingThatSomebodyStillWritesTo) {
  enqueue_numbers(0, 2);
  pqxx::work open{*writer_};
  outbox_.enqueue(open, message("slow", "slow"));
  execute(fmt::format("SELECT setval('annals.outbox_position_seq', {}, false)", width));
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work quick{*other};
  outbox_.enqueue(quick, message("quick", "quick"));
  quick.commit();
  execute(
      "INSERT INTO annals.relay_checkpoints (relay, log, position, message_id, system_identifier, timeline) "
      "SELECT 'relay', 'outbox', position, message_id, '1', '1' FROM annals.outbox ORDER BY position DESC LIMIT 1");
  keep({.retain = "0"});
  EXPECT_EQ(step().action, Action::attached);
  EXPECT_EQ(step().action, Action::busy);
  EXPECT_THAT(partitions(), testing::Contains("outbox_p0"));
  open.commit();
  EXPECT_EQ(step().action, Action::dropped);
}

/// An operator who sets a relay back, and has not committed it yet.
TEST_F(Retention, DropsNothingWhileACheckpointIsSetBack) {
  keep(at_once());
  auto other = set_back();
  EXPECT_EQ(step().action, Action::busy);
  other.execute("COMMIT");
  EXPECT_EQ(step().action, Action::none);
  publish();
  EXPECT_EQ(published_["relay"], 7U);
}

/// The same, committed while the lock on the checkpoints was waited for.
TEST_F(Retention, LooksAtTheCheckpointsAgainUnderTheLock) {
  auto patient = at_once();
  patient.lock_wait = "5 seconds";
  keep(patient);
  auto other = set_back();
  auto stepped = std::async(std::launch::async, [&] { return step().action; });
  const auto waits =
      "SELECT count(*) FROM pg_locks WHERE relation = 'annals.relay_checkpoints'::regclass AND NOT granted";
  while (scalar(waits) == "0" && stepped.wait_for(1ms) != std::future_status::ready) {
  }
  other.execute("COMMIT");
  EXPECT_EQ(stepped.get(), Action::busy);
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.outbox"), "4");
}

/// All that was to be written to it was rolled back.
TEST_F(Retention, DropsAPartitionThatNeverHadARow) {
  keep(at_once());
  execute(fmt::format("SELECT setval('annals.outbox_position_seq', {}, false)", width));
  enqueue_numbers(0, 1);
  publish();
  EXPECT_THAT(maintain(), ElementsAre("attached outbox_p3", "dropped outbox_p0"));
}

TEST_F(Retention, NeedsNobodyForAWriterToGoOn) {
  execute(fmt::format("SELECT setval('annals.outbox_position_seq', {}, false)", width - 2));
  for (const auto expected : {width - 2, width - 1, width, width + 1}) EXPECT_EQ(enqueue("k", "x"), expected);
  EXPECT_EQ(step().action, Action::attached);
  publish();
  EXPECT_EQ(published_["relay"], 4U);
}

// Who maintains it

TEST_F(Retention, IsMaintainedByOneAtATime) {
  keep(at_once());
  enqueue_numbers(0, 3);
  postgres::Connection other{database_.superuser()};
  other.execute("BEGIN; LOCK TABLE ONLY annals.outbox IN SHARE UPDATE EXCLUSIVE MODE");
  EXPECT_EQ(step().action, Action::busy);
  other.execute("COMMIT");
  EXPECT_EQ(step().action, Action::rolled);
}

TEST_F(Retention, IsMaintainedInATransactionOfItsOwn) {
  postgres::Connection session{database_.as("relay")};
  const std::string call = "SELECT annals.outbox_maintain()";
  session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
  EXPECT_EQ(error_of([&] { session.execute(call); }).sqlstate(), "25001");
  session.execute("ROLLBACK; BEGIN; SELECT pg_current_xact_id()");
  EXPECT_EQ(error_of([&] { session.execute(call); }).sqlstate(), "25001");
  session.execute("ROLLBACK");
  session.execute(call);
}

TEST_F(Retention, CannotBeShortenedByARelay) {
  postgres::Connection session{database_.as("relay")};
  EXPECT_EQ(error_of([&] { outbox::set_retention(session, "annals", {.retain = "0"}); }).sqlstate(), "42501");
  for (const auto* sql : {"SELECT annals.outbox_attach_partition(9)", "SELECT annals.outbox_seize(NULL, '1 s')",
                          "SELECT annals.outbox_is_spent(0, '0')", "DROP TABLE annals.outbox_p2"}) {
    EXPECT_EQ(error_of([&] { session.execute(sql); }).sqlstate(), "42501") << sql;
  }
  postgres::Connection writer{database_.as("writer")};
  EXPECT_EQ(error_of([&] { maintain_outbox(writer, "annals"); }).sqlstate(), "42501");
}

TEST_F(Retention, RefusesWhatIsNoTime) {
  for (const auto* retain : {"soon", "-1 day", ""}) {
    EXPECT_THROW(keep({.retain = retain}), Error) << retain;
  }
  EXPECT_THROW(keep({.retain = "1 day", .partition_span = "0"}), Error);
  EXPECT_THROW(keep({.retain = "1 day", .partition_rows = 0}), Error);
  EXPECT_THROW(keep({.retain = "1 day", .lock_wait = "1 minute"}), Error);
}

// Partitions

/// A writer of a partition itself holds no lock on the table, so whoever waits for writers would not see it.
TEST_F(Retention, LetsNobodyWriteIntoAPartitionItself) {
  execute(
      "ALTER DEFAULT PRIVILEGES FOR ROLE annals_owner IN SCHEMA annals GRANT ALL ON TABLES TO annals_writer, PUBLIC");
  execute(fmt::format("SELECT setval('annals.outbox_position_seq', {}, false)", width));
  EXPECT_EQ(step().partition, "outbox_p3");
  execute(
      "ALTER DEFAULT PRIVILEGES FOR ROLE annals_owner IN SCHEMA annals REVOKE ALL ON TABLES FROM annals_writer, "
      "PUBLIC");
  EXPECT_EQ(scalar("SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = 'annals.outbox_p3'::regclass "
                   "AND a.grantee <> c.relowner"),
            "0");
  for (const auto* sql : {"DELETE FROM annals.outbox_p3", "TRUNCATE annals.outbox_p3",
                          "SET session_replication_role = replica; TRUNCATE annals.outbox_p3"}) {
    EXPECT_THAT(error_of([&] { execute(sql); }).what(), HasSubstr("append-only")) << sql;
  }
}

TEST_F(Retention, ReadsPartitionsInOrderWithoutSorting) {
  keep(at_once(2));
  for (int i = 0; i < 5; ++i) {
    enqueue_numbers(i, 2);
    maintain();
  }
  postgres::Connection session{database_.superuser()};
  const auto plan = session.query("EXPLAIN " + log_.select + " WHERE o.position > 0 ORDER BY o.position LIMIT 10");
  for (int row = 0; row < plan.rows(); ++row) {
    EXPECT_THAT(plan.text(row, 0), testing::Not(testing::AnyOf(HasSubstr("Sort"), HasSubstr("Seq Scan"))));
  }
}

/// Wherever it is cut off, one thing is done or nothing.
TEST_F(Retention, CanBeCutOffAnywhere) {
  keep(at_once(5));
  std::atomic<bool> stop{false};
  std::jthread load{[&] {
    for (int i = 0; !stop; ++i) enqueue("k" + std::to_string(i % 7), std::to_string(i));
  }};
  int cut = 0;
  std::map<Action, int> done;
  RecordingSink sink;
  auto publisher = relay(sink);
  const auto deadline = std::chrono::steady_clock::now() + 15s;
  for (int i = 0; std::chrono::steady_clock::now() < deadline && (cut < 50 || done[Action::dropped] < 20); ++i) {
    (void)publisher.step(1ms);
    maintainer_.execute(fmt::format("SET statement_timeout = {}", 1 + i % 70));
    try {
      ++done[step().action];
    } catch (const Error& error) {
      EXPECT_EQ(error.sqlstate(), "57014") << error.what();
      ++cut;
    }
  }
  stop = true;
  load.join();
  EXPECT_GE(cut, 10);
  EXPECT_GE(done[Action::dropped], 3);
  maintainer_.execute("SET statement_timeout = 0");
  run_until_idle(publisher);
  const auto count = static_cast<int>(sink.received.size());
  EXPECT_EQ(payloads(sink), numbers(0, count));
  EXPECT_EQ(scalar(fmt::format("SELECT max(position) FROM annals.outbox")),
            std::to_string(sink.received.back().position));
}

/// Writers that overlap, now and then roll back or stay open; everything once, and each key in its order.
TEST_F(Retention, KeepsEveryMessageWhileItIsMaintainedFromTwoPlaces) {
  constexpr int writers = 4;
  auto policy = at_once(100);
  policy.lock_wait = "300 milliseconds";
  keep(policy);
  std::atomic<bool> stop{false};
  std::array<int, writers> written{};
  std::atomic<int> refused{0};
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      const auto session = postgres::open_pqxx(database_.as("writer"));
      for (int round = 1; !stop; ++round) {
        try {
          pqxx::work tx{*session};
          outbox_.enqueue(tx, message(fmt::format("w{}", writer), std::to_string(written.at(writer))));
          if (round % 50 == 0) std::this_thread::sleep_for(120ms);
          if (round % 7 == 0) continue;
          tx.commit();
          ++written.at(writer);
        } catch (const std::exception& error) {
          ++refused;
          ADD_FAILURE() << error.what();
        }
      }
    });
  }
  std::atomic<int> dropped{0};
  for (int maintainer = 0; maintainer < 2; ++maintainer) {
    threads.emplace_back([&] {
      postgres::Connection session{database_.as("relay")};
      while (!stop) {
        if (maintain_outbox(session, "annals").action == Action::dropped) ++dropped;
        std::this_thread::sleep_for(20ms);
      }
    });
  }
  RecordingSink sink;
  auto publisher = relay(sink);
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (dropped < 5 && std::chrono::steady_clock::now() < end) (void)publisher.step(5ms);
  stop = true;
  threads.clear();
  run_until_idle(publisher);

  std::map<std::string, std::vector<std::string>> received;
  for (const auto& message : sink.received) received[message.key].push_back(message.payload);
  for (int writer = 0; writer < writers; ++writer) {
    EXPECT_EQ(received[fmt::format("w{}", writer)], numbers(0, written.at(writer)));
  }
  EXPECT_EQ(refused, 0);
  EXPECT_GE(dropped, 5);
}

}  // namespace
}  // namespace annals::tests
