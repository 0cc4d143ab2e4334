// ReadFrom::automatic: from the log to the table and back while it runs.
#include <gmock/gmock.h>

#include "relay_test_base.hpp"
#include "support/server_version.hpp"

namespace annals::tests {
namespace {

using outbox::ReadFrom;
using testing::HasSubstr;

class RelayAuto : public RelayTestBase {
 protected:
  enum class Server { mined, any };
  explicit RelayAuto(Server server = Server::mined) {
    if (server == Server::mined) skip_unless_mined(database_);
  }
  outbox::Relay automatic(outbox::Sink& sink, const std::string& role = "wal_relay") {
    outbox::RelayOptions options;
    options.read_from = ReadFrom::automatic;
    options.log_retry = 10ms;
    return {database_.as(role), log_, sink, clock_, std::move(options)};
  }
  /// Steps until it reads there.
  outbox::StepReport step_until_from(outbox::Relay& relay, ReadFrom from) {
    return step_until(relay, [&](const auto& report) { return report.read_from == from; });
  }
  std::string slot() {
    return scalar("SELECT slot_name FROM pg_replication_slots WHERE database = current_database()");
  }
  void drop_slot() {
    execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database()");
    for (int i = 0; i < 500; ++i) {
      if (scalar("SELECT count(*) FROM pg_replication_slots WHERE database = current_database() AND active") == "0")
        break;
      clock_.sleep_for(10ms);
    }
    execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
  }
};

TEST_F(RelayAuto, ReadsTheTableUntilItsSlotIsThereAndThenTheLog) {
  RecordingSink sink;
  auto relay = automatic(sink);
  enqueue_numbers(1, 5);
  step_until(relay, [&](const auto&) { return sink.received.size() == 5; });
  EXPECT_EQ(step_until_from(relay, ReadFrom::wal).log_fault, std::nullopt);
  enqueue_numbers(6, 5);
  step_until(relay, [&](const auto&) { return sink.received.size() >= 10; });
  run_until_idle(relay);
  EXPECT_EQ(payloads(sink), numbers(1, 10));
}

TEST_F(RelayAuto, GoesOnInTheTableWhenItsSlotIsTakenAwayAndComesBack) {
  RecordingSink sink;
  auto relay = automatic(sink);
  step_until_from(relay, ReadFrom::wal);
  for (int round = 0; round < 5; ++round) {
    enqueue_numbers(1 + 10 * round, 5);
    drop_slot();
    enqueue_numbers(6 + 10 * round, 5);
    const auto report = step_until(relay, [](const auto& r) { return r.read_from == ReadFrom::table; });
    ASSERT_TRUE(report.log_fault.has_value());
    step_until_from(relay, ReadFrom::wal);
  }
  step_until(relay, [&](const auto&) { return sink.received.size() >= 50; });
  run_until_idle(relay);
  EXPECT_EQ(payloads(sink), numbers(1, 50)) << "without a gap, and without a repetition";
}

/// A transaction that is writing keeps a slot from being made. Nothing else waits for that.
TEST_F(RelayAuto, IsNotHeldUpByATransactionThatKeepsItsSlotFromBeingMade) {
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work open{*other};
  outbox_.enqueue(open, message("late", "0"));
  RecordingSink sink;
  auto relay = automatic(sink);
  enqueue_numbers(1, 3);
  step_until(relay, [&](const auto&) { return sink.received.size() == 3; });
  EXPECT_EQ(relay.step(0ms).read_from, ReadFrom::table);
  open.commit();
  step_until_from(relay, ReadFrom::wal);
  step_until(relay, [&](const auto&) { return sink.received.size() >= 4; });
  run_until_idle(relay);
  EXPECT_EQ(payloads(sink).back(), "0");
  EXPECT_EQ(sink.received.size(), 4U);
}

/// Nor does it when the log is read already, or begins to be.
TEST_F(RelayAuto, IsNotHeldUpWhereTheTableEndsAndTheLogBegins) {
  RecordingSink sink;
  auto relay = automatic(sink);
  step_until_from(relay, ReadFrom::wal);
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work open{*other};
  outbox_.enqueue(open, message("late", "0"));
  execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database()");
  step_until_from(relay, ReadFrom::table);
  step_until_from(relay, ReadFrom::wal);
  enqueue_numbers(1, 3);
  step_until(relay, [&](const auto&) { return sink.received.size() == 3; });
  open.commit();
  step_until(relay, [&](const auto&) { return sink.received.size() >= 4; });
  run_until_idle(relay);
  EXPECT_EQ(payloads(sink), (std::vector<std::string>{"1", "2", "3", "0"}));
}

TEST_F(RelayAuto, ReadsTheTableWhereItMayNotReadTheLog) {
  RecordingSink sink;
  auto relay = automatic(sink, "relay");
  const auto report = step_until(relay, [](const auto& r) { return r.log_fault.has_value(); });
  EXPECT_THAT(report.log_fault->hint(), HasSubstr("REPLICATION"));
  enqueue_numbers(1, 3);
  run_until_idle(relay);
  EXPECT_EQ(payloads(sink), numbers(1, 3));
  EXPECT_EQ(relay.step(0ms).read_from, ReadFrom::table);
}

/// A publication that leaves something out does so again: the table is read for good.
TEST_F(RelayAuto, StaysInTheTableWhenThePublicationLeavesSomethingOut) {
  RecordingSink sink;
  auto relay = automatic(sink);
  step_until_from(relay, ReadFrom::wal);
  execute("ALTER PUBLICATION annals_outbox SET (publish = '')");
  enqueue_numbers(1, 3);
  const auto report = step_until_from(relay, ReadFrom::table);
  ASSERT_TRUE(report.log_fault.has_value());
  run_until_idle(relay);
  EXPECT_EQ(payloads(sink), numbers(1, 3));
}

/// Of PostgreSQL 13 the table is read; who asks for the log is told.
class RelayOldServer : public RelayAuto {
 protected:
  RelayOldServer() : RelayAuto{Server::any} {}
};

TEST_F(RelayOldServer, IsReadFromItsTable) {
  if (postgres::Connection{database_.superuser()}.server_version() >= 14'00'00) {
    GTEST_SKIP() << "this server is not of PostgreSQL 13: see script/postgres";
  }
  RecordingSink sink;
  {
    auto relay = automatic(sink);
    const auto report = step_until(relay, [](const auto& r) { return r.log_fault.has_value(); });
    EXPECT_THAT(report.log_fault->hint(), HasSubstr("PostgreSQL 14"));
    enqueue_numbers(1, 3);
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  EXPECT_EQ(payloads(sink), numbers(1, 3));
  outbox::Relay of_log{database_.as("wal_relay"), log_, sink, clock_, {.read_from = ReadFrom::wal}};
  const auto error = error_of([&] { (void)step_until(of_log, [](const auto&) { return false; }); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.hint(), HasSubstr("source = \"table\""));
}

}  // namespace
}  // namespace annals::tests
