// A relay that mines the log: what delays it and what does not, what it makes of a slot that is not as it should be, and the ways
// from the table to the log and back.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "annals/outbox/retention.hpp"
#include "annals/outbox/status.hpp"
#include "annals/postgres/replication/replication_stream.hpp"
#include "relay_test_base.hpp"
#include "support/peak_memory.hpp"
#include "support/server_version.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;
using testing::IsSubsetOf;

/// How the log is read.
enum class Way { streamed, mined };

class RelayWal : public RelayTestBase, public ::testing::WithParamInterface<Way> {
 protected:
  RelayWal() { skip_unless_mined(database_); }
  outbox::Relay miner(outbox::Sink& sink, outbox::RelayOptions options = {}) {
    options.read_from = outbox::ReadFrom::wal;
    if (GetParam() == Way::mined) {
      options.mine_from_bytes = 1;
      options.mine_batch_bytes = 4096;
    }
    return {database_.as("wal_relay"), log_, sink, clock_, std::move(options)};
  }
  outbox::Relay table(outbox::Sink& sink) { return {database_.as("wal_relay"), log_, sink, clock_, {}}; }
  std::string slot() {
    return scalar("SELECT slot_name FROM pg_replication_slots WHERE database = current_database() AND NOT temporary");
  }
  /// Who mines has a slot of its own, and leaves that of the relay free but for moments.
  bool streams() {
    return scalar(
               "SELECT count(*) FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = s.active_pid "
               "WHERE s.database = current_database() AND a.backend_type = 'walsender'") != "0";
  }
  /// What the relay throws within a minute.
  std::optional<Error> error_of_run(outbox::Relay& relay) {
    try {
      (void)step_until(relay, [](const auto&) { return false; });
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }
  std::optional<Error> error_of_start() {
    RecordingSink sink;
    auto relay = miner(sink);
    return error_of_run(relay);
  }
  /// Once more from the beginning, by its checkpoint, until all is published; what it published.
  std::vector<std::string> run_once(outbox::ReadFrom from = outbox::ReadFrom::wal) {
    RecordingSink sink;
    auto relay = from == outbox::ReadFrom::wal ? miner(sink) : table(sink);
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
    return payloads(sink);
  }
  void drop_slot() {
    execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '" + slot() +
            "' AND active");
    const auto name = slot();
    for (int i = 0; i < 500; ++i) {
      if (scalar("SELECT active FROM pg_replication_slots WHERE slot_name = '" + name + "'") == "false") break;
      clock_.sleep_for(10ms);
    }
    execute("SELECT pg_drop_replication_slot('" + name + "')");
  }
};

TEST_P(RelayWal, IsNotDelayedByATransactionThatIsOpen) {
  RecordingSink sink;
  auto relay = miner(sink);
  run_until_idle(relay);
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work open{*other};
  outbox_.enqueue(open, message("late", "0"));
  enqueue_numbers(1, 3);
  run_until_idle(relay);
  EXPECT_EQ(payloads(sink), numbers(1, 3));
  open.commit();
  step_until(relay, [&](const auto&) { return sink.received.size() == 4; });
  EXPECT_EQ(payloads(sink).back(), "0");
  run_until_idle(relay);
}

/// The position that is recorded never passes over the one that is open; whoever goes on from there publishes that one and no other.
TEST_P(RelayWal, RecordsWhatIsPublishedAboveOneThatIsOpen) {
  (void)run_once();
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work open{*other};
  const auto held = outbox_.enqueue(open, message("late", "0"));
  enqueue_numbers(1, 3);
  EXPECT_EQ(run_once(), numbers(1, 3));
  EXPECT_LT(std::stoll(scalar("SELECT position FROM annals.relay_checkpoints")), held);
  open.commit();
  EXPECT_EQ(run_once(), numbers(0, 1));
  EXPECT_EQ(run_once(), numbers(0, 0));
}

TEST_P(RelayWal, ReadsFromTheTableWhatWasThereBeforeItsSlot) {
  enqueue_numbers(1, 50);
  EXPECT_EQ(run_once(), numbers(1, 50));
  enqueue_numbers(51, 5);
  EXPECT_EQ(run_once(), numbers(51, 5));
}

TEST_P(RelayWal, GoesOnWhereTheTableStopped) {
  enqueue_numbers(1, 5);
  EXPECT_EQ(run_once(outbox::ReadFrom::table), numbers(1, 5));
  enqueue_numbers(6, 5);
  EXPECT_EQ(run_once(), numbers(6, 5));
}

TEST_P(RelayWal, LeavesToTheTableExactlyWhatIsNotPublished) {
  (void)run_once();
  enqueue_numbers(1, 5);
  EXPECT_EQ(run_once(), numbers(1, 5));
  enqueue_numbers(6, 2);
  EXPECT_EQ(run_once(outbox::ReadFrom::table), numbers(6, 2));
}

TEST_P(RelayWal, GoesOnInTheTableAroundOneThatIsOpen) {
  (void)run_once();
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work open{*other};
  outbox_.enqueue(open, message("late", "0"));
  enqueue_numbers(1, 3);
  EXPECT_EQ(run_once(), numbers(1, 3));
  RecordingSink sink;
  auto reader = table(sink);
  enqueue_numbers(4, 1);
  step_until(reader, [&](const auto&) { return !sink.received.empty(); });
  EXPECT_EQ(payloads(sink), numbers(4, 1));
  open.commit();
  run_until_idle(reader);
  EXPECT_EQ(payloads(sink), (std::vector<std::string>{"4", "0"}));
  EXPECT_TRUE(reader.drain(5s));
  EXPECT_EQ(run_once(), numbers(0, 0)) << "and the log goes on where the table stopped";
}

TEST_P(RelayWal, PassesRolledBackPositionsWithItsWatermark) {
  RecordingSink sink;
  auto relay = miner(sink);
  run_until_idle(relay);
  for (int i = 1; i <= 20; ++i) {
    const auto other = postgres::open_pqxx(database_.as("writer"));
    pqxx::work lost{*other};
    outbox_.enqueue(lost, message("k", "never"));
    lost.abort();
    enqueue_numbers(i, 1);
  }
  step_until(relay, [&](const auto&) { return sink.received.size() == 20; });
  // The watermark follows when the holes are proven to be empty, and is recorded with the next message.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  int number = 21;
  while (scalar("SELECT cursor LIKE '% -' FROM annals.relay_checkpoints") != "true" &&
         std::chrono::steady_clock::now() < deadline) {
    enqueue_numbers(number++, 1);
    run_until_idle(relay);
    clock_.sleep_for(50ms);
  }
  EXPECT_EQ(scalar("SELECT cursor LIKE '% -' FROM annals.relay_checkpoints"), "true")
      << scalar("SELECT cursor FROM annals.relay_checkpoints");
}

// The slot

TEST_P(RelayWal, LosesNothingWhenItsSlotIsDropped) {
  (void)run_once();
  enqueue_numbers(1, 5);
  EXPECT_EQ(run_once(), numbers(1, 5));
  drop_slot();
  enqueue_numbers(6, 5);
  EXPECT_EQ(run_once(), numbers(6, 5));
}

TEST_P(RelayWal, LosesNothingWhenItsSlotIsDroppedUnderIt) {
  std::optional<Error> error;
  {
    RecordingSink sink;
    auto relay = miner(sink);
    run_until_idle(relay);
    enqueue_numbers(1, 5);
    run_until_idle(relay);
    drop_slot();
    error = error_of_run(relay);
  }
  ASSERT_TRUE(error.has_value());
  EXPECT_TRUE(error->retryable()) << error->what();
  enqueue_numbers(6, 5);
  EXPECT_EQ(run_once(), numbers(6, 5));
}

/// Somebody moved it on: what the slot does not have any more is in the table.
TEST_P(RelayWal, LosesNothingWhenItsSlotIsMoved) {
  (void)run_once();
  enqueue_numbers(1, 5);
  execute("SELECT pg_replication_slot_advance('" + slot() + "', pg_current_wal_lsn())");
  enqueue_numbers(6, 5);
  EXPECT_EQ(run_once(), numbers(1, 10));
}

/// And while one below what was published is open: it alone is read from the table.
TEST_P(RelayWal, RepeatsNothingWhenItsSlotIsDropped) {
  (void)run_once();
  const auto other = postgres::open_pqxx(database_.as("writer"));
  pqxx::work open{*other};
  outbox_.enqueue(open, message("late", "0"));
  enqueue_numbers(1, 3);
  EXPECT_EQ(run_once(), numbers(1, 3));
  drop_slot();
  open.commit();
  EXPECT_EQ(run_once(), numbers(0, 1));
}

TEST_P(RelayWal, SaysThatAnotherPluginHasItsSlot) {
  (void)run_once();
  const auto name = slot();
  drop_slot();
  execute("SELECT pg_create_logical_replication_slot('" + name + "', 'test_decoding')");
  const auto error = error_of_start();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::not_ready);
  EXPECT_THAT(error->what(), HasSubstr("plugin test_decoding"));
  EXPECT_THAT(error->hint(), HasSubstr("pg_drop_replication_slot('" + name + "')"));
  execute("SELECT pg_drop_replication_slot('" + name + "')");
  enqueue_numbers(1, 2);
  EXPECT_EQ(run_once(), numbers(1, 2));
}

TEST_P(RelayWal, SaysThatAnotherSessionReadsItsSlot) {
  RecordingSink sink;
  auto relay = miner(sink);
  (void)step_until(relay, [&](const auto&) { return streams(); });
  // Not a second relay, which would stand by: a stranger who names the slot.
  try {
    const postgres::ReplicationStream stranger{database_.as("wal_relay"),
                                               {.slot = slot(), .publication = "annals_outbox", .start = {}}};
    ADD_FAILURE() << "two read one slot";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::overloaded);
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("is active for PID"));
  }
}

TEST_P(RelayWal, SaysThatItMayNotReplicate) {
  RecordingSink sink;
  outbox::Relay relay{database_.as("relay"), log_, sink, clock_, {.read_from = outbox::ReadFrom::wal}};
  const auto error = error_of_run(relay);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::not_ready);
  EXPECT_THAT(error->what(), HasSubstr("ALTER ROLE annals_relay REPLICATION"));
}

// The publication

TEST_P(RelayWal, SaysThatItsPublicationIsNotThere) {
  execute("DROP PUBLICATION annals_outbox");
  const auto error = error_of_start();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::not_ready);
  const std::string remedy =
      "CREATE PUBLICATION annals_outbox FOR TABLE annals.outbox WITH (publish = 'insert', "
      "publish_via_partition_root = true)";
  EXPECT_THAT(error->hint(), HasSubstr(remedy));
  execute(remedy);
  enqueue_numbers(1, 2);
  EXPECT_EQ(run_once(), numbers(1, 2));
}

TEST_P(RelayWal, SaysThatItsPublicationLeavesSomethingOut) {
  for (const auto* change : {"ALTER PUBLICATION annals_outbox DROP TABLE annals.outbox",
                             "ALTER PUBLICATION annals_outbox SET TABLE annals.outbox WHERE (position > 100)",
                             "ALTER PUBLICATION annals_outbox SET TABLE annals.outbox (position, message_id)",
                             "ALTER PUBLICATION annals_outbox SET (publish_via_partition_root = false)",
                             "ALTER PUBLICATION annals_outbox SET (publish = 'update')"}) {
    execute(change);
    const auto error = error_of_start();
    ASSERT_TRUE(error.has_value()) << change;
    EXPECT_EQ(error->kind(), ErrorKind::not_ready) << change;
    EXPECT_THAT(error->what(), HasSubstr("does not have all inserts")) << change;
    const auto hint = error->hint();
    execute(hint.substr(hint.find("ALTER PUBLICATION")));
  }
  enqueue_numbers(1, 2);
  EXPECT_EQ(run_once(), numbers(1, 2));
}

/// The log knows of no partition; what was dropped meanwhile is in it, and read.
TEST_P(RelayWal, ReadsOnWhilePartitionsComeAndGo) {
  postgres::Connection operating{database_.as("operator")};
  outbox::set_retention(operating, "annals", {.retain = "0", .partition_rows = 2});
  std::string dropped;
  (void)run_once();
  for (int i = 0; i < 6 || (i < 60 && dropped.find("outbox_p1 ") == std::string::npos); ++i) {
    enqueue_numbers(2 * i, 2);
    EXPECT_EQ(run_once(), numbers(2 * i, 2));
    for (auto did = outbox::maintain_outbox(operating, "annals"); did.more();
         did = outbox::maintain_outbox(operating, "annals")) {
      if (did.action == outbox::MaintenanceStep::Action::dropped) dropped += did.partition + " ";
    }
  }
  EXPECT_THAT(dropped, HasSubstr("outbox_p0 outbox_p1"));
  EXPECT_THAT(run_once(), testing::IsEmpty());
}

/// While it runs, and back again before anybody looks: the table knows.
TEST_P(RelayWal, NoticesWhatItsPublicationLeftOut) {
  std::optional<Error> error;
  {
    RecordingSink sink;
    auto relay = miner(sink);
    run_until_idle(relay);
    execute("ALTER PUBLICATION annals_outbox DROP TABLE annals.outbox");
    enqueue_numbers(1, 1);
    execute("ALTER PUBLICATION annals_outbox ADD TABLE annals.outbox");
    enqueue_numbers(2, 1);
    error = error_of_run(relay);
  }
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::corrupt);
  EXPECT_THAT(error->what(), HasSubstr("position 1 of annals.outbox"));
  EXPECT_THAT(error->hint(), HasSubstr("drop the relay's slot"));
  drop_slot();
  const auto again = run_once();
  EXPECT_THAT(again, testing::Contains("1"));
  EXPECT_THAT(again, IsSubsetOf(numbers(1, 2)));
}

// Idle, and large

/// The log of other tables is not kept for a relay that has nothing to do.
TEST_P(RelayWal, GivesUpTheLogOfOthersWhileItIsIdle) {
  RecordingSink sink;
  auto relay = miner(sink);
  run_until_idle(relay);
  execute("CREATE TABLE public.noise AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 20000)");
  const auto end = scalar("SELECT pg_current_wal_lsn()");
  const auto confirmed =
      "SELECT confirmed_flush_lsn >= '" + end + "' FROM pg_replication_slots WHERE slot_name = '" + slot() + "'";
  const auto deadline = std::chrono::steady_clock::now() + 40s;
  while (scalar(confirmed) != "true" && std::chrono::steady_clock::now() < deadline) (void)relay.step(100ms);
  EXPECT_EQ(scalar(confirmed), "true");
}

/// Read in pieces: nothing grows with it. ANNALS_WAL_ROWS: 5'000'000 take a few minutes.
TEST_P(RelayWal, ReadsALargeTransactionInBoundedMemory) {
  const char* text = std::getenv("ANNALS_WAL_ROWS");
  const int rows = text == nullptr ? 200'000 : std::atoi(text);
  (void)run_once();
  execute(fmt::format(
      "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) "
      "SELECT gen_random_uuid(), 0, 'orders', 'k' || i % 10, 't', convert_to(repeat('x', 190) || i, 'UTF8') "
      "FROM generate_series(1, {}) i",
      rows));
  RecordingSink sink;
  auto relay = miner(sink);
  const auto before = peak_memory_bytes(::getpid());
  std::size_t delivered = 0;
  while (delivered < static_cast<std::size_t>(rows)) {
    delivered += relay.step(100ms).delivered;
    sink.received.clear();
  }
  EXPECT_LT(peak_memory_bytes(::getpid()) - before, 32LL << 20U);
  EXPECT_EQ(delivered, static_cast<std::size_t>(rows));
}

// Seen

TEST_P(RelayWal, IsShownWithItsSlot) {
  (void)run_once();
  postgres::Connection connection{database_.as("operator")};
  const auto relays = outbox::read_relay_status(connection, {log_});
  ASSERT_EQ(relays.size(), 1U);
  ASSERT_TRUE(relays.front().slot.has_value());
  EXPECT_EQ(relays.front().slot->name, slot());
  EXPECT_EQ(relays.front().slot->wal_status, "reserved");
  EXPECT_GE(relays.front().slot->retained_bytes, 0);
}

TEST_P(RelayWal, ForgetsItsPlaceWhenACheckpointIsAdopted) {
  (void)run_once();
  enqueue_numbers(1, 5);
  EXPECT_EQ(run_once(), numbers(1, 5));
  postgres::Connection connection{database_.as("operator")};
  (void)outbox::adopt_checkpoint(connection, log_, {.position = 3});
  EXPECT_EQ(run_once(), numbers(4, 2));
}

INSTANTIATE_TEST_SUITE_P(Ways, RelayWal, ::testing::Values(Way::streamed, Way::mined),
                         [](const auto& way) { return way.param == Way::mined ? "mined" : "streamed"; });

}  // namespace
}  // namespace annals::tests
