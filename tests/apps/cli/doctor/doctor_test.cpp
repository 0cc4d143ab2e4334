#include <fmt/format.h>

#include "cli_test.hpp"
#include "support/planted_functions.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class DoctorCommand : public CliTest {
 protected:
  /// The JSON line of one check.
  std::string check(const std::string& name, int expected_code) const {
    return check_as("doctor", name, expected_code);
  }
  std::string check_as(const std::string& role, const std::string& name, int expected_code) const {
    const auto finished = run({"--database", uri(role), "-o", "jsonl", "doctor"});
    EXPECT_EQ(finished.code, expected_code) << finished.out << finished.err;
    std::string found;
    for (const auto& line : lines_of(finished.out)) {
      if (line.find("{\"check\":\"" + name + "\"") == 0) found += line + "\n";
    }
    return found;
  }
};

TEST_F(DoctorCommand, FindsNothingWrongWithAFreshDatabase) {
  const auto finished = annals({"doctor"});
  EXPECT_EQ(finished.code, 0) << finished.out;
  EXPECT_THAT(finished.out, Not(HasSubstr("fail")));
  for (const auto* name :
       {"connection", "server", "clock", "fsync", "wal_level", "schema", "append_only", "sequence", "open_writers",
        "lockers", "prepared_transactions", "idle_in_transaction", "relay", "projection"}) {
    EXPECT_THAT(finished.out, HasSubstr(name));
  }
}

TEST_F(DoctorCommand, CallsNoFunctionThatSomebodyPlanted) {
  plant_functions(database_.superuser());
  const auto finished = annals({"doctor"});
  EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
  EXPECT_THAT(finished.out + finished.err, Not(HasSubstr("planted")));
}

TEST_F(DoctorCommand, SeesAnAppendOnlyTriggerThatCanBeBypassed) {
  connect().execute("ALTER TABLE annals.events ENABLE TRIGGER append_only");
  EXPECT_THAT(check("append_only", 5), AllOf(HasSubstr("\"fail\""), HasSubstr("ENABLE ALWAYS TRIGGER append_only")));
  connect().execute("DROP TRIGGER append_only ON annals.events");
  EXPECT_THAT(check("append_only", 5), HasSubstr("annals.events has no trigger"));
}

// What logical replication applies fires the triggers of rows only.
TEST_F(DoctorCommand, SeesEachTriggerThatIsMissingOrDisabled) {
  const std::pair<const char*, const char*> triggers[] = {
      {"events", "append_only"},        {"events", "append_only_row"},
      {"outbox", "outbox_append_only"}, {"outbox", "outbox_append_only_row"},
      {"streams", "never_removed"},     {"streams", "never_removed_row"}};
  for (const auto& [table, trigger] : triggers) {
    SCOPED_TRACE(trigger);
    EXPECT_THAT(check("append_only", 0), Not(HasSubstr("\"fail\"")));
    connect().execute(fmt::format("ALTER TABLE annals.{} DISABLE TRIGGER {}", table, trigger));
    const auto remedy = fmt::format("ALTER TABLE annals.{} ENABLE ALWAYS TRIGGER {}", table, trigger);
    EXPECT_THAT(check("append_only", 5), AllOf(HasSubstr("\"fail\""), HasSubstr(remedy + ";")));
    connect().execute(remedy);
  }
  for (const auto& [table, trigger] : triggers) {
    connect().execute(fmt::format("DROP TRIGGER {} ON annals.{}", trigger, table));
  }
  // Those of three partitions go with the one that they come from.
  EXPECT_THAT(lines_of(check("append_only", 5)), AllOf(testing::SizeIs(9), testing::Each(HasSubstr("has no trigger"))));
}

TEST_F(DoctorCommand, LooksAtPartitionsToo) {
  connect().execute("ALTER TABLE annals.outbox_p1 DISABLE TRIGGER outbox_append_only");
  EXPECT_THAT(check("append_only", 5),
              HasSubstr("ALTER TABLE annals.outbox_p1 ENABLE ALWAYS TRIGGER outbox_append_only"));
  connect().execute("ALTER TABLE annals.outbox_p1 ENABLE ALWAYS TRIGGER outbox_append_only");
  EXPECT_THAT(check("append_only", 0), Not(HasSubstr("outbox_p")));
  connect().execute(
      "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
      "CREATE TRIGGER quiet BEFORE INSERT ON annals.outbox_p0 FOR EACH ROW EXECUTE FUNCTION public.swallow()");
  EXPECT_THAT(check("insert_hooks", 0), HasSubstr("DROP TRIGGER quiet ON annals.outbox_p0"));
}

// Without it a replica's readers may be sent past what is yet to come.
TEST_F(DoctorCommand, SeesAHorizonThatAnybodyMayMove) {
  for (const auto* table : {"events_horizon", "outbox_horizon"}) {
    SCOPED_TRACE(table);
    EXPECT_THAT(check("horizon", 0), Not(HasSubstr("\"fail\"")));
    connect().execute(fmt::format("ALTER TABLE annals.{} DISABLE TRIGGER bound", table));
    const auto remedy = fmt::format("ALTER TABLE annals.{} ENABLE ALWAYS TRIGGER bound", table);
    EXPECT_THAT(check("horizon", 5), AllOf(HasSubstr("\"fail\""), HasSubstr(remedy + ";")));
    connect().execute(remedy);
  }
  connect().execute("DROP TRIGGER bound ON annals.outbox_horizon");
  EXPECT_THAT(check("horizon", 5), HasSubstr("annals.outbox_horizon has no trigger that refuses a position"));
}

TEST_F(DoctorCommand, TakesNoOtherTriggerForTheOneThatIsMissing) {
  connect().execute(
      "CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
      "CREATE TRIGGER aaa_audit BEFORE UPDATE OR DELETE ON annals.events FOR EACH ROW EXECUTE FUNCTION "
      "public.audit();");
  EXPECT_THAT(check("append_only", 0), Not(HasSubstr("audit"))) << "it may be there";
  connect().execute(
      "ALTER TABLE annals.events ENABLE ALWAYS TRIGGER aaa_audit; DROP TRIGGER append_only_row ON annals.events");
  EXPECT_THAT(check("append_only", 5),
              HasSubstr("annals.events has no trigger that refuses UPDATE and DELETE of rows"));
}

/// An append whose event it swallowed is told that it lost a race.
TEST_F(DoctorCommand, NamesWhatMaySwallowARow) {
  EXPECT_THAT(check("insert_hooks", 0), HasSubstr("\"ok\""));
  connect().execute(
      "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
      "CREATE TRIGGER \"a; b\" BEFORE INSERT ON annals.events FOR EACH ROW EXECUTE FUNCTION public.swallow();"
      "CREATE RULE quiet AS ON INSERT TO annals.outbox DO INSTEAD NOTHING");
  EXPECT_THAT(lines_of(check("insert_hooks", 0)),
              ElementsAre(AllOf(HasSubstr("\"warn\""), HasSubstr("before each INSERT into annals.events"),
                                HasSubstr(R"(DROP TRIGGER \"a; b\" ON annals.events)")),
                          AllOf(HasSubstr("\"warn\""), HasSubstr("DROP RULE quiet ON annals.outbox"))));
  connect().execute(
      "DROP TRIGGER \"a; b\" ON annals.events; DROP RULE quiet ON annals.outbox;"
      "CREATE TRIGGER watch AFTER INSERT ON annals.events FOR EACH ROW EXECUTE FUNCTION public.swallow()");
  EXPECT_THAT(check("insert_hooks", 0), HasSubstr("\"ok\"")) << "what runs afterwards swallows nothing";
}

TEST_F(DoctorCommand, SeesWhatNoAppendCanHaveLeft) {
  (void)output({"stream", "append", "order-1", "--type", "T"});
  EXPECT_THAT(check("log", 0), HasSubstr("\"ok\""));
  connect().execute("UPDATE annals.streams SET version = 7 WHERE name = 'order-1'");
  EXPECT_THAT(check("log", 5), AllOf(HasSubstr("\"fail\""), HasSubstr("UPDATE annals.streams SET version = 1")));
}

TEST_F(DoctorCommand, SeesASequenceThatCaches) {
  connect().execute("ALTER TABLE annals.outbox ALTER COLUMN position SET CACHE 50");
  EXPECT_THAT(check("sequence", 5), AllOf(HasSubstr("annals.outbox has CACHE 50"), HasSubstr("SET CACHE 1")));
}

TEST_F(DoctorCommand, SeesAMissingSchema) {
  const auto finished = annals({"--schema", "none", "doctor"});
  EXPECT_EQ(finished.code, 5);
  EXPECT_THAT(finished.out, HasSubstr("annals schema apply"));
}

TEST_F(DoctorCommand, WarnsOfSettingsThatLoseCommits) {
  const auto name = connect().query("SELECT current_database()::text").text(0, 0);
  connect().execute("ALTER DATABASE " + name + " SET synchronous_commit = off");
  EXPECT_THAT(check("synchronous_commit", 0), HasSubstr("\"warn\""));
}

TEST_F(DoctorCommand, NamesWhoHoldsReadersBack) {
  postgres::Connection holder{database_.as("consumer")};
  holder.execute("BEGIN; PREPARE p AS INSERT INTO annals.events (type) VALUES ('x')");
  EXPECT_THAT(check("open_writers", 0),
              HasSubstr("pid " + std::to_string(holder.backend_pid()) + " of role annals_consumer ("));
}

/// PostgreSQL queues for such a lock before it asks for the right to it.
TEST_F(DoctorCommand, NamesWhoKeepsEverybodyFromTheLog) {
  EXPECT_THAT(check("lockers", 0), HasSubstr("\"ok\""));
  postgres::Connection first{database_.as("consumer")};
  first.execute("BEGIN; PREPARE p AS INSERT INTO annals.events (type) VALUES ('x')");
  postgres::Connection next{database_.as("consumer")};
  next.send("CREATE TRIGGER t BEFORE INSERT ON annals.events EXECUTE FUNCTION suppress_redundant_updates_trigger()");
  const auto who = "pid " + std::to_string(next.backend_pid()) + " of role annals_consumer waits for ShareRowExclusive";
  while (number("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = " + std::to_string(next.backend_pid())) ==
         0) {
    std::this_thread::yield();
  }
  EXPECT_THAT(check("lockers", 0), AllOf(HasSubstr("\"ok\""), HasSubstr(who + " on annals.events for 0"))) << "not yet";
  EXPECT_THAT(check_as("operator", "lockers", 0), AllOf(HasSubstr("\"warn\""), HasSubstr(who)));
}

TEST_F(DoctorCommand, SeesPreparedTransactionsLeftBehind) {
  auto session = connect();
  if (session.query("SELECT current_setting('max_prepared_transactions')::int").integer(0, 0) == 0) {
    GTEST_SKIP() << "max_prepared_transactions = 0 on this server";
  }
  session.execute("BEGIN; LOCK TABLE annals.events IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'forgotten one'");
  EXPECT_THAT(check("prepared_transactions", 0), AllOf(HasSubstr("forgotten one"), HasSubstr("ROLLBACK PREPARED")));
  EXPECT_THAT(check("open_writers", 0),
              AllOf(HasSubstr("prepared as \\\"forgotten one\\\" by role "), HasSubstr("holds annals.events for 0 s"),
                    HasSubstr(connect().query("SELECT current_user::text").text(0, 0))));
  session.execute("ROLLBACK PREPARED 'forgotten one'");
}

/// Whoever is not told an age has seen no young transaction.
TEST_F(DoctorCommand, CallsNothingShortWhoseAgeItIsNotTold) {
  auto writer = connect();
  writer.execute("BEGIN; LOCK TABLE annals.events IN ROW EXCLUSIVE MODE");
  EXPECT_THAT(check_as("operator", "open_writers", 0),
              AllOf(HasSubstr("\"warn\""), HasSubstr("pid " + std::to_string(writer.backend_pid())),
                    HasSubstr("holds annals.events for a time that this role may not see"),
                    HasSubstr("GRANT pg_read_all_stats TO annals_operator")));
  EXPECT_THAT(check_as("operator", "idle_in_transaction", 0),
              AllOf(HasSubstr("\"warn\""), HasSubstr("this role may not see"),
                    HasSubstr("GRANT pg_read_all_stats TO annals_operator")));
  for (const auto* name : {"open_writers", "idle_in_transaction"}) EXPECT_THAT(check(name, 0), HasSubstr("\"ok\""));
}

/// The queue is the whole cluster's, and so is the suspicion: another test may have the oldest transaction.
TEST_F(DoctorCommand, WarnsOfAQueueOfNotificationsThatFills) {
  EXPECT_THAT(check("notifications", 0), HasSubstr("\"ok\""));
  auto listener = connect();
  listener.execute("LISTEN x");
  listener.execute("BEGIN; SELECT 1");
  auto other = connect();
  for (int i = 0; i < 13; ++i) {
    other.execute("SELECT pg_notify('x', repeat('x', 7900) || n) FROM generate_series(1, 1000) n");
  }
  EXPECT_THAT(check("notifications", 0),
              AllOf(HasSubstr("\"warn\""), HasSubstr("LISTENs and does not read"), HasSubstr("pg_terminate_backend(")));
}

TEST_F(DoctorCommand, FailsWhenACheckpointBelongsToAnotherCluster) {
  connect().execute(
      "INSERT INTO annals.relay_checkpoints (relay, log, position, system_identifier, timeline) "
      "VALUES ('shop', 'outbox', 0, '4711', '1')");
  EXPECT_THAT(check("relay", 5),
              AllOf(HasSubstr("belongs to cluster 4711"), HasSubstr("annals relay repair shop --log outbox")));
}

/// After a fail-over something always waits; a start would halt.
TEST_F(DoctorCommand, NamesAnotherTimelineBeforeTheBacklogThatItExplains) {
  connect().execute(
      "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) VALUES (gen_random_uuid(), 1, 't', "
      "'T', "
      "''); INSERT INTO annals.relay_checkpoints (relay, log, position, system_identifier, timeline) "
      "SELECT 'shop', 'outbox', 0, system_identifier::text, '99' FROM pg_control_system()");
  const auto found = check("relay", 5);
  EXPECT_THAT(found, AllOf(HasSubstr("\"fail\""), HasSubstr("written on timeline 99"), HasSubstr("1 messages wait"),
                           HasSubstr("annals relay repair shop --log outbox"), Not(HasSubstr("start annals-relay"))));
  EXPECT_EQ(annals({"relay", "adopt", "shop", "--log", "outbox", "--yes"}).code, 0);
  EXPECT_THAT(check("relay", 0), HasSubstr("start annals-relay"));
}

TEST_F(DoctorCommand, NamesTheSchemaInWhatIsToBePasted) {
  (void)run({"--database", uri("owner"), "--schema", "other", "schema", "apply"});
  connect().execute(
      "GRANT USAGE ON SCHEMA other TO annals_doctor; GRANT SELECT ON ALL TABLES IN SCHEMA other TO annals_doctor; "
      "INSERT INTO other.projections (name, version, system_identifier) VALUES ('p', 2, '4711')");
  EXPECT_THAT(annals({"--schema", "other", "doctor"}).out,
              AllOf(HasSubstr("annals projection adopt p --projection-version 2 --schema other --yes"),
                    HasSubstr("annals projection reset p --projection-version 2 --schema other --yes")));
}

TEST_F(DoctorCommand, SeesPositionsThatNobodyGaveOut) {
  const auto log = [&] { return check("log", 5); };
  connect().execute(
      "INSERT INTO annals.outbox (position, message_id, content_type, topic, type, payload) OVERRIDING SYSTEM VALUE "
      "VALUES (9000000000, gen_random_uuid(), 1, 't', 'T', ''), (0, gen_random_uuid(), 1, 't', 'T', '')");
  EXPECT_THAT(log(), AllOf(HasSubstr("annals.outbox.position goes up to 9000000000"),
                           HasSubstr("ALTER TABLE annals.outbox ALTER COLUMN position RESTART WITH 9000000001"),
                           HasSubstr("annals.outbox.position begins at 0: readers begin at 1")));
  (void)output({"stream", "append", "order-1", "--type", "T"});
  connect().execute(
      "INSERT INTO annals.events (position, stream_id, version, event_id, content_type, type, data) OVERRIDING SYSTEM "
      "VALUE VALUES (9000000000, 1, 2, gen_random_uuid(), 1, 'T', ''); UPDATE annals.streams SET version = 2");
  EXPECT_THAT(log(), HasSubstr("annals.events.position goes up to 9000000000"));
  for (const auto* command : {"doctor", "operator"}) {
    const auto found = run({"--database", uri(command), "stream", "check"});
    EXPECT_EQ(found.code, 5) << command;
    EXPECT_THAT(found.out, HasSubstr("impossible_position"));
  }
}

TEST_F(DoctorCommand, SaysWhatItCouldNotCompare) {
  connect().execute("REVOKE SELECT ON annals.events_position_seq, annals.outbox_position_seq FROM annals_doctor");
  EXPECT_THAT(
      lines_of(check("log", 0)),
      ElementsAre(AllOf(HasSubstr("\"warn\""), HasSubstr("no SELECT on the sequence annals.events_position_seq")),
                  AllOf(HasSubstr("\"warn\""), HasSubstr("no SELECT on the sequence annals.outbox_position_seq"))));
  const auto checked = annals({"stream", "check"});
  EXPECT_EQ(checked.code, 0);
  EXPECT_THAT(checked.out, HasSubstr("not_compared"));
}

TEST_F(DoctorCommand, ShowsNothingThatATerminalObeys) {
  connect().execute(
      "INSERT INTO annals.relay_checkpoints (relay, log, position, system_identifier, timeline) "
      "VALUES (E'a\\u009b2J\\u202e', 'outbox', 0, E'47\\x1b[2J\\u009b11', '1')");
  for (const auto* format : {"table", "json", "jsonl"}) {
    for (const auto* command : {"doctor", "relay"}) {
      std::vector<std::string> arguments{"-o", format, command};
      if (arguments[2] == "relay") arguments.emplace_back("status");
      const auto text = annals(arguments).out;
      EXPECT_THAT(text, AllOf(HasSubstr("u009b"), HasSubstr("u202e"))) << text;
      for (const auto* control : {"\x1b", "\xC2\x9B", "\xE2\x80\xAE"}) EXPECT_THAT(text, Not(HasSubstr(control)));
    }
  }
}

TEST_F(DoctorCommand, QuotesWhatIsToBePasted) {
  connect().execute(
      "INSERT INTO annals.relay_checkpoints (relay, log, position, system_identifier, timeline) "
      "VALUES ('x; reboot', 'outbox', 0, '4711', '1')");
  EXPECT_THAT(check("relay", 5), HasSubstr("annals relay repair 'x; reboot' --log outbox"));
  connect().execute(
      "ALTER TRIGGER append_only ON annals.events RENAME TO \"x; DROP\"; ALTER TABLE annals.events ENABLE TRIGGER \"x; "
      "DROP\"");
  EXPECT_THAT(check("append_only", 5), HasSubstr(R"(ENABLE ALWAYS TRIGGER \"x; DROP\")"));
}

TEST_F(DoctorCommand, WarnsOfProgramsThatMayDoEverything) {
  const auto other = connect();
  EXPECT_THAT(check("program_roles", 0), AllOf(HasSubstr("\"warn\""), HasSubstr("is a superuser")));
}

TEST_F(DoctorCommand, WarnsOfASchemaThatEverybodyMayCreateIn) {
  connect().execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");  // before version 15 a new database is open
  EXPECT_THAT(check("search_path", 0), HasSubstr("\"ok\""));
  connect().execute("GRANT CREATE ON SCHEMA public TO PUBLIC");
  EXPECT_THAT(check("search_path", 0),
              AllOf(HasSubstr("\"warn\""), HasSubstr("REVOKE CREATE ON SCHEMA public FROM PUBLIC")));
}

TEST_F(DoctorCommand, PrintsOneJsonArray) {
  const auto text = output({"-o", "json", "doctor"});
  EXPECT_THAT(text, testing::StartsWith("[\n{\"check\":\"connection\",\"status\":\"ok\""));
  EXPECT_THAT(text, testing::EndsWith("}\n]\n"));
}

TEST(Doctor, SaysThatTheServerIsAway) { EXPECT_EQ(run({"-d", "host=127.0.0.1 port=1", "doctor"}).code, 3); }

}  // namespace
}  // namespace annals::tests
