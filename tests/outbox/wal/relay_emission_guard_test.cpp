// Who may emit, and that nobody goes on without what was emitted.
#include <gmock/gmock.h>
#include <unistd.h>

#include "annals/outbox/status.hpp"
#include "annals/testing/manual_clock.hpp"
#include "relay_emission_base.hpp"
#include "support/peak_memory.hpp"
#include "support/sanitizer.hpp"

namespace annals::tests {
namespace {

using outbox::Emitted;
using outbox::ReadFrom;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RelayEmissionGuard : public RelayEmissionBase {
 protected:
  Error error_of_emit() {
    pqxx::work tx{*writer_};
    return error_of([&] { outbox_.emit(tx, message("k", "refused")); });
  }
  outbox::EmissionStatus status() {
    postgres::Connection connection{database_.as("doctor")};
    return outbox::read_emission(connection, log_);
  }
};

TEST_P(RelayEmissionGuard, LetsNobodyEmitUntilItIsSwitchedOn) {
  EXPECT_FALSE(status().is_on());
  const auto error = error_of_emit();
  EXPECT_EQ(error.sqlstate(), "55000");
  EXPECT_THAT(error.what(), HasSubstr("switched off"));
  EXPECT_THAT(error.hint(), HasSubstr("annals outbox emission on"));
  run_and_switch_on();
  EXPECT_THAT(status().slots, ElementsAre(slot()));
  EXPECT_EQ(status().changed_by, "annals_operator");
  emit("k", "1");
  switch_off();
  EXPECT_EQ(error_of_emit().sqlstate(), "55000");
  EXPECT_THAT(run_once(), ElementsAre("1")) << "what was emitted before";
}

TEST_P(RelayEmissionGuard, NeedsARelayThatReadsTheLog) {
  const auto none = error_of([&] { switch_on(); });
  EXPECT_EQ(none.kind(), ErrorKind::not_ready);
  EXPECT_THAT(none.what(), HasSubstr("no relay has read outbox"));
  {
    RecordingSink sink;
    auto table = relay(sink);
    run_until_idle(table);
    ASSERT_TRUE(table.drain(5s));
  }
  const auto error = error_of([&] { switch_on(); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.what(), HasSubstr("relay \"relay\" reads the table"));
  run_and_switch_on();
  drop_slot();
  EXPECT_THAT(error_of([&] { switch_on(); }).what(), HasSubstr("is gone or lost"));
}

TEST_P(RelayEmissionGuard, IsForWritersAndOperators) {
  run_and_switch_on();
  for (const auto* role : {"relay", "wal_relay", "reader", "doctor", "operator"}) {
    postgres::Connection session{database_.as(role)};
    EXPECT_EQ(error_of([&] { session.execute("SELECT annals.outbox_emit('t', 'k', 'T', '')"); }).sqlstate(), "42501")
        << role;
  }
  for (const auto* role : {"writer", "relay", "operator", "doctor"}) {
    postgres::Connection session{database_.as(role)};
    EXPECT_EQ(error_of([&] { session.execute("SELECT token FROM annals.outbox_emission"); }).sqlstate(), "42501")
        << role;
    EXPECT_EQ(error_of([&] { session.execute("UPDATE annals.outbox_emission SET slots = '{}'"); }).sqlstate(), "42501");
  }
  postgres::Connection writer{database_.as("writer")};
  EXPECT_EQ(error_of([&] { outbox::switch_emission_off(writer, log_, Emitted::publish); }).sqlstate(), "42501");
}

/// PostgreSQL lets everybody write messages into the log.
TEST_P(RelayEmissionGuard, TakesNothingThatOthersMadeUp) {
  run_and_switch_on();
  postgres::Connection stranger{database_.as("reader")};
  for (const auto* prefix :
       {"stranger", "annals.outbox/1/annals/00000000-0000-0000-0000-000000000000", "annals.outbox/1/annals/",
        "annals.outbox/1/annals/' || '", "annals.outbox/1/other/00000000-0000-0000-0000-000000000000"}) {
    for (const auto* transactional : {"true", "false"}) {
      stranger.execute(
          fmt::format("SELECT pg_logical_emit_message({}, '{}', repeat('x', 10000))", transactional, prefix));
    }
  }
  emit("k", "1");
  EXPECT_THAT(run_once(), ElementsAre("1"));
}

/// Each is received whole before it is known to be a stranger's: more than one at a time is not kept.
TEST_P(RelayEmissionGuard, IsNotFilledByWhatOthersWriteIntoTheLog) {
  run_and_switch_on();
  postgres::Connection stranger{database_.as("reader")};
  constexpr std::int64_t large = 16 << 20;
  for (int i = 0; i < 8; ++i) {
    stranger.execute(fmt::format("SELECT pg_logical_emit_message(true, 'stranger', repeat('x', {}))", large));
  }
  emit("k", "1");
  reset_peak_memory();
  const auto before = peak_memory_bytes(getpid());
  EXPECT_THAT(run_once(), ElementsAre("1"));
  if (!is_sanitized) {
    EXPECT_LT(peak_memory_bytes(getpid()) - before, 5 * large);
  }
}

TEST_P(RelayEmissionGuard, NeedsNobodyButTheOwnerToWriteIntoTheLog) {
  run_and_switch_on();
  const auto functions =
      scalar("SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc WHERE proname = 'pg_logical_emit_message'");
  const auto owner = scalar("SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'annals'");
  execute("REVOKE EXECUTE ON FUNCTION " + functions + " FROM PUBLIC; GRANT EXECUTE ON FUNCTION " + functions + " TO " +
          owner);
  const auto refused = error_of([&] {
    postgres::Connection{database_.as("reader")}.execute("SELECT pg_logical_emit_message(true, 'stranger', 'x')");
  });
  EXPECT_EQ(refused.sqlstate(), "42501");
  emit("k", "1");
  EXPECT_THAT(run_once(), ElementsAre("1"));
}

// The slot

TEST_P(RelayEmissionGuard, RefusesToEmitWhenTheSlotIsGoneAndToGoOnWithoutWhatWasInIt) {
  run_and_switch_on();
  enqueue("k", "1");
  emit("k", "lost");
  drop_slot();
  EXPECT_THAT(status().missing, ElementsAre(HasSubstr("annals_outbox_relay")));
  const auto refused = error_of_emit();
  EXPECT_EQ(refused.sqlstate(), "55000");
  EXPECT_THAT(refused.what(), HasSubstr("a slot is gone"));
  const auto error = error_of_run();
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("are lost"));
  EXPECT_THAT(error.hint(), HasSubstr("annals outbox emission off --give-up"));
  EXPECT_EQ(error_of_run().kind(), ErrorKind::corrupt) << "there is a slot again, and not that one";
  switch_off();
  EXPECT_EQ(error_of_run().kind(), ErrorKind::corrupt) << "who accepts it must say so";
  switch_off(Emitted::give_up);
  EXPECT_THAT(run_once(), ElementsAre("1")) << "the row is in the table";
  switch_on();
  emit("k", "2");
  EXPECT_THAT(run_once(), ElementsAre("2"));
}

TEST_P(RelayEmissionGuard, RefusesToEmitWhenOneOfTwoSlotsIsGone) {
  EXPECT_TRUE(run_once().empty());
  const auto first = slot();
  EXPECT_TRUE(run_once({.name = "other", .start = outbox::Start{}}).empty());
  switch_on();
  ASSERT_EQ(status().slots.size(), 2U);
  execute("SELECT pg_drop_replication_slot('" + first + "')");
  EXPECT_THAT(status().missing, ElementsAre(first));
  EXPECT_EQ(error_of_emit().sqlstate(), "55000") << "the relay of that one would never publish it";
}

/// Slots are the cluster's, and nobody reads this database by that of another.
TEST_P(RelayEmissionGuard, RefusesToEmitInACopyOfTheDatabase) {
  run_and_switch_on();
  const TempDatabase copy;
  postgres::Connection{copy.superuser()}.execute("UPDATE annals.outbox_emission SET slots = '{" + slot() + "}'");
  postgres::Connection writer{copy.as("writer")};
  EXPECT_EQ(error_of([&] { writer.execute("SELECT annals.outbox_emit('orders', 'k', 'T', '')"); }).sqlstate(), "55000");
  postgres::Connection doctor{copy.as("doctor")};
  EXPECT_THAT(outbox::read_emission(doctor, log_).missing, ElementsAre(slot()));
}

TEST_P(RelayEmissionGuard, RefusesToGoOnWhenTheSlotWasMoved) {
  run_and_switch_on();
  emit("k", "lost");
  execute("SELECT pg_replication_slot_advance('" + slot() + "', pg_current_wal_lsn())");
  EXPECT_EQ(error_of_run().kind(), ErrorKind::corrupt);
}

// The table

TEST_P(RelayEmissionGuard, LetsNoRelayReadTheTableMeanwhile) {
  run_and_switch_on();
  emit("k", "1");
  for (const auto from : {ReadFrom::table, ReadFrom::automatic}) {
    const auto error = error_of_run(from);
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_THAT(error.hint(), HasSubstr("source = \"wal\""));
    EXPECT_THAT(error.hint(), HasSubstr("annals outbox emission off"));
    const auto another = error_of_run(from, {.name = "another", .start = outbox::Start{}});
    EXPECT_EQ(another.kind(), ErrorKind::invalid) << "of any name";
  }
  switch_off();
  const auto error = error_of_run(ReadFrom::table);
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_THAT(error.what(), HasSubstr("may have been emitted up to"));
  EXPECT_THAT(run_once(), ElementsAre("1"));
  enqueue("k", "2");
  EXPECT_THAT(run_once(), ElementsAre("2")) << "past all that was emitted";
  enqueue("k", "3");
  RecordingSink sink;
  auto table = relay(sink);
  run_until_idle(table);
  EXPECT_THAT(payloads(sink), ElementsAre("3"));
}

/// A position that an operator gave says nothing of what was emitted; the slot does.
TEST_P(RelayEmissionGuard, LetsNoRelayReadTheTableBecauseItsPositionWasAdopted) {
  run_and_switch_on();
  emit("k", "1");
  switch_off();
  postgres::Connection boss{database_.as("operator")};
  (void)outbox::adopt_checkpoint(boss, log_, {.relay = "relay", .position = 0});
  EXPECT_THAT(error_of_run(ReadFrom::table).what(), HasSubstr("may have been emitted up to"));
  EXPECT_THAT(run_once(), ElementsAre("1"));
  enqueue("k", "2");
  RecordingSink sink;
  auto table = relay(sink);
  run_until_idle(table);
  EXPECT_THAT(payloads(sink), ElementsAre("2"));
}

/// It began when that was off, and reads the table for a while.
TEST_P(RelayEmissionGuard, ARelayThatChoosesFindsOutThatItWasSwitchedOn) {
  EXPECT_TRUE(run_once().empty());
  RecordingSink sink;
  testing::ManualClock clock;
  outbox::RelayOptions options;
  options.read_from = ReadFrom::automatic;
  outbox::Relay either{database_.as("wal_relay"), log_, sink, clock, options};
  run_until_idle(either);
  execute("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active_pid IS NOT NULL");
  (void)step_until(either, [](const auto& report) { return report.read_from == ReadFrom::table; });
  switch_on();
  emit("k", "lost");
  drop_slot();
  clock.advance(10s);
  const auto error = error_of([&] { (void)step_until(either, [](const auto&) { return false; }); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_THAT(error.what(), HasSubstr("may read the table"));
}

/// Off is behind everybody who has emitted.
TEST_P(RelayEmissionGuard, IsSwitchedOffBehindTheTransactionsThatHaveEmitted) {
  run_and_switch_on();
  const auto other = postgres::open_pqxx(database_.as("writer"));
  std::optional<pqxx::work> open{*other};
  outbox_.emit(*open, message("k", "1"));
  const auto error = error_of([&] { switch_off(); });
  EXPECT_EQ(error.kind(), ErrorKind::overloaded);
  EXPECT_THAT(error.what(), HasSubstr("stay open"));
  EXPECT_TRUE(status().is_on());
  open->commit();
  open.reset();
  switch_off();
  EXPECT_THAT(error_of_run(ReadFrom::table).what(), HasSubstr("may have been emitted up to"));
  EXPECT_THAT(run_once(), ElementsAre("1"));
  switch_off();
  RecordingSink sink;
  auto from_table = relay(sink);
  run_until_idle(from_table);
  EXPECT_TRUE(sink.received.empty()) << "switched off once more says of nothing that it may have been emitted";
}

/// The last message was recorded before the log behind it was read: who ends in order has said how far that was.
TEST_P(RelayEmissionGuard, IsBehindWhoWasStoppedAsSoonAsItWasIdle) {
  run_and_switch_on();
  emit("k", "1");
  RecordingSink sink;
  auto from_log = miner(sink, {.checkpoint_interval = 0ms});
  run_until_idle(from_log);
  execute("SELECT pg_logical_emit_message(false, 'others', 'what nobody asked for')");
  switch_off();
  run_until_idle(from_log);
  EXPECT_TRUE(from_log.drain(5s));
  EXPECT_THAT(payloads(sink), ElementsAre("1"));
  enqueue("k", "2");
  RecordingSink rest;
  auto from_table = relay(rest);
  run_until_idle(from_table);
  EXPECT_THAT(payloads(rest), ElementsAre("2"));
}

/// The lock that the switch waits for was not taken yet, and the snapshot has the row from before it.
TEST_P(RelayEmissionGuard, LetsNobodyEmitWhoSeesTheSwitchAsItWas) {
  run_and_switch_on();
  pqxx::transaction<pqxx::isolation_level::repeatable_read> seeing_it_on{*writer_};
  seeing_it_on.exec("SELECT 1");
  switch_off();
  EXPECT_EQ(error_of([&] { outbox_.emit(seeing_it_on, message("k", "lost")); }).sqlstate(), "40001");
  seeing_it_on.abort();
  switch_on();
  for (const auto* isolation : {"REPEATABLE READ", "SERIALIZABLE"}) {
    postgres::Connection one{database_.as("writer")};
    postgres::Connection two{database_.as("writer")};
    for (auto* session : {&one, &two}) {
      session->execute(
          fmt::format("BEGIN ISOLATION LEVEL {}; SELECT annals.outbox_emit('orders', 'k', 'T', '')", isolation));
    }
    one.execute("COMMIT");
    two.execute("COMMIT");
  }
  EXPECT_THAT(run_once(), ::testing::SizeIs(4)) << "beside each other";
}

INSTANTIATE_TEST_SUITE_P(Ways, RelayEmissionGuard, ::testing::Values(Way::streamed),
                         [](const auto&) { return "streamed"; });

}  // namespace
}  // namespace annals::tests
