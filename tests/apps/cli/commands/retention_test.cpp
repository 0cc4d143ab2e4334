// How long the outbox keeps messages, from the command line.
#include <csignal>

#include "annals/core/clock.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "cli_test.hpp"
#include "outbox/recording_sink.hpp"
#include "support/server_version.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class RetentionCommand : public CliTest {
 protected:
  void enqueue(int count) const {
    connect().query(
        "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
        "SELECT gen_random_uuid(), 1, 'orders', 'T', '1' FROM generate_series(1, $1::int)",
        postgres::Params{}.integer(count));
  }
  void publish(const std::string& name) {
    RecordingSink sink;
    outbox::RelayOptions options;
    options.name = name;
    options.start = outbox::Start{};
    outbox::Relay relay{database_.as("relay"), outbox::message_log("annals"), sink, clock_, options};
    while (relay.step(std::chrono::milliseconds{20}).state != outbox::StepReport::State::idle) {
    }
  }
  [[nodiscard]] Finished as_operator(Arguments arguments) const {
    arguments.insert(arguments.begin(), {"--database", uri("operator")});
    return run(arguments);
  }
  SystemClock clock_;
};

TEST_F(RetentionCommand, KeepsForEverUntilTold) {
  EXPECT_THAT(output({"-o", "json", "outbox", "retention"}),
              AllOf(HasSubstr(R"({"partition":"outbox_p0","state":"written")"), HasSubstr("outbox_p2")));
  EXPECT_THAT(annals({"outbox", "retention"}).err, HasSubstr("is kept: forever"));
  EXPECT_EQ(as_operator({"-o", "json", "outbox", "retain", "7 days", "--partition-span", "12h"}).out,
            "{\"retain\":\"7 "
            "days\",\"partition_span\":\"12:00:00\",\"partition_rows\":null,\"lock_wait\":\"00:00:00.05\"}\n");
  EXPECT_THAT(annals({"outbox", "retention"}).err, HasSubstr("is kept: 7 days"));
  EXPECT_THAT(as_operator({"outbox", "retain", "forever"}).out, HasSubstr("forever"));
}

TEST_F(RetentionCommand, OfClaimsIsARowOfItsOwn) {
  EXPECT_THAT(as_operator({"outbox", "retain", "30 days", "--claims"}).out, HasSubstr("30 days"));
  EXPECT_THAT(annals({"outbox", "retention"}).err, HasSubstr("what every relay has published is kept: forever"));
  const auto claims = annals({"-o", "json", "outbox", "retention", "--claims"});
  EXPECT_THAT(claims.err, HasSubstr("a payload that was published as a claim is kept: 30 days"));
  EXPECT_THAT(claims.out, HasSubstr(R"({"partition":"claims_p0","state":"written")"));
  connect().execute(
      "INSERT INTO annals.claims (log, message_position, message_id, sha256, payload) SELECT 'outbox', 1, "
      "gen_random_uuid(), sha256('x'), 'x'; UPDATE annals.claims_retention SET partition_rows = 1");
  EXPECT_THAT(as_operator({"outbox", "maintain"}).out, AllOf(HasSubstr("rolled"), HasSubstr("claims_p1")));
}

TEST_F(RetentionCommand, RefusesWhatIsNoDurationAndWhoMayNot) {
  const auto wrong = as_operator({"outbox", "retain", "soon"});
  EXPECT_NE(wrong.code, 0);
  EXPECT_THAT(wrong.err, HasSubstr("soon"));
  EXPECT_NE(annals({"outbox", "retain", "1 day"}).code, 0) << "the doctor looks";
  EXPECT_NE(annals({"outbox", "maintain"}).code, 0);
}

TEST_F(RetentionCommand, DropsWhatIsPublishedAndNamesWhoHoldsIt) {
  EXPECT_EQ(as_operator({"outbox", "retain", "0", "--partition-rows", "3"}).code, 0);
  enqueue(3);
  publish("old");
  EXPECT_THAT(as_operator({"outbox", "maintain"}).out, AllOf(HasSubstr("rolled"), HasSubstr("outbox_p1")));
  enqueue(1);
  publish("shop");
  EXPECT_THAT(as_operator({"outbox", "maintain"}).out, IsEmpty());
  EXPECT_THAT(output({"-o", "json", "outbox", "retention"}),
              AllOf(HasSubstr(R"("state":"held")"), HasSubstr(R"("held_by":"old")")));

  EXPECT_EQ(as_operator({"relay", "forget", "old"}).code, 2) << "without --yes it only says what it would do";
  EXPECT_EQ(as_operator({"relay", "forget", "nobody", "--yes"}).code, 6);
  EXPECT_EQ(as_operator({"relay", "forget", "old", "--yes"}).code, 0);
  EXPECT_THAT(as_operator({"outbox", "maintain"}).out, HasSubstr("dropped"));
  EXPECT_EQ(number("SELECT count(*) FROM annals.outbox"), 1);
}

/// The hint of each finding is the way out of it.
TEST_F(RetentionCommand, TheDoctorSaysWhatHoldsAPartition) {
  const auto doctor = [&] { return output({"-o", "jsonl", "doctor"}); };
  const auto line = [&] {
    const auto all = doctor();
    const auto at = all.find(R"({"check":"retention")");
    return all.substr(at, all.find('\n', at) - at);
  };
  EXPECT_THAT(line(), HasSubstr("kept for ever"));
  EXPECT_EQ(as_operator({"outbox", "retain", "0", "--partition-rows", "3"}).code, 0);
  connect().execute(
      "INSERT INTO annals.outbox (recorded_at, message_id, content_type, topic, type, payload) "
      "SELECT now() - interval '1 day', gen_random_uuid(), 1, 'orders', 'T', '1' FROM generate_series(1, 3)");
  publish("old one");
  EXPECT_EQ(as_operator({"outbox", "maintain"}).code, 0);
  enqueue(1);
  publish("shop");
  EXPECT_THAT(line(), AllOf(HasSubstr(R"("warn")"), HasSubstr("should have been dropped 1 d"),
                            HasSubstr("annals relay forget 'old one' --yes")));
  EXPECT_EQ(shell("annals relay forget 'old one' --yes", "operator"), 0);
  EXPECT_THAT(line(), AllOf(HasSubstr("every relay has passed it"), HasSubstr("annals outbox maintain")));
  EXPECT_EQ(shell("annals outbox maintain", "operator"), 0);
  EXPECT_THAT(line(), HasSubstr(R"("ok")"));
  connect().execute("DROP TABLE annals.outbox_p3");
  EXPECT_THAT(line(), AllOf(HasSubstr("1 partitions of the outbox are attached ahead"), HasSubstr("outbox maintain")));
}

TEST_F(RetentionCommand, SaysWhoIsInTheWay) {
  EXPECT_EQ(as_operator({"outbox", "retain", "0", "--partition-rows", "3"}).code, 0);
  enqueue(3);
  auto open = connect();
  open.execute(
      "BEGIN; INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
      "VALUES (gen_random_uuid(), 1, 'orders', 'T', '1')");
  const auto busy = as_operator({"outbox", "maintain", "--wait", "0"});
  EXPECT_EQ(busy.code, 3);
  EXPECT_THAT(busy.err, HasSubstr("pid " + std::to_string(open.backend_pid()) + " uses the table"));
}

/// Killed while its step waits for a writer. Its session lives on until the step is done: who comes meanwhile leaves it alone.
TEST_F(RetentionCommand, GoesOnWhenWhoMaintainsItIsKilledInAStep) {
  EXPECT_EQ(as_operator({"outbox", "retain", "0", "--partition-rows", "3", "--lock-wait", "10s"}).code, 0);
  const auto partitions = [&] {
    return connect()
        .query(
            "SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text) FROM pg_inherits "
            "WHERE inhparent = 'annals.outbox'::regclass")
        .text(0, 0);
  };
  const auto wait_for = [&](const std::string& condition) {
    const auto deadline = clock_.steady() + std::chrono::seconds{20};
    while (number("SELECT count(*) FROM (SELECT) one WHERE " + condition) == 0 && clock_.steady() < deadline) {
    }
    EXPECT_EQ(number("SELECT count(*) FROM (SELECT) one WHERE " + condition), 1) << condition << ": " << partitions();
  };
  const auto killed_in_a_step = [&](const std::string& done) {
    auto open = connect();
    open.execute("BEGIN; LOCK TABLE ONLY annals.outbox IN ROW EXCLUSIVE MODE");
    EXPECT_EQ(shell("timeout -s KILL 0.5 annals outbox maintain", "operator"), 128 + SIGKILL);
    EXPECT_EQ(as_operator({"outbox", "maintain", "--wait", "0"}).code, 3);
    open.execute("COMMIT");
    wait_for(done);
  };
  enqueue(3);
  publish("shop");
  killed_in_a_step("(SELECT last_value = 100000000000 AND NOT is_called FROM annals.outbox_position_seq)");
  enqueue(1);
  publish("shop");
  EXPECT_THAT(as_operator({"outbox", "maintain"}).out, AllOf(HasSubstr("attached"), HasSubstr("dropped")));
  EXPECT_EQ(partitions(), "annals.outbox_p1 annals.outbox_p2 annals.outbox_p3");
  enqueue(2);
  publish("shop");
  EXPECT_THAT(as_operator({"outbox", "maintain"}).out, AllOf(HasSubstr("rolled"), HasSubstr("attached")));
  enqueue(1);
  publish("shop");
  killed_in_a_step("to_regclass('annals.outbox_p1') IS NULL");
  EXPECT_THAT(as_operator({"outbox", "maintain"}).out, IsEmpty());
  EXPECT_EQ(partitions(), "annals.outbox_p2 annals.outbox_p3 annals.outbox_p4");
}

/// A dump of a table in partitions is one that can be restored, and what was published is published no more.
TEST_F(RetentionCommand, SurvivesADumpAndARestore) {
  skip_unless_dumped(database_);
  if (IsSkipped()) return;
  EXPECT_EQ(as_operator({"outbox", "retain", "0", "--partition-rows", "3"}).code, 0);
  enqueue(3);
  publish("shop");
  EXPECT_EQ(as_operator({"outbox", "maintain"}).code, 0);
  enqueue(2);
  publish("shop");
  EXPECT_EQ(as_operator({"outbox", "maintain"}).code, 0);
  const TempDatabase restored{TempDatabase::Schema::none};
  ASSERT_EQ(shell("pg_dump --no-owner -Fp -d '" + database_.superuser().conninfo +
                  "' >dump.sql\n"
                  "psql -q -v ON_ERROR_STOP=1 -d '" +
                  restored.superuser().conninfo +
                  "&options=-c%20role%3Dannals_owner' -c 'SELECT 1'\n"
                  "psql -q -v ON_ERROR_STOP=1 -f dump.sql -d '" +
                  restored.superuser().conninfo + "'"),
            0)
      << read_file(directory_.path("log"));
  postgres::Connection there{restored.superuser()};
  EXPECT_EQ(there.query("SELECT count(*) FROM annals.outbox").bigint(0, 0), 2);
  EXPECT_EQ(there.query("SELECT count(*) FROM pg_inherits WHERE inhparent = 'annals.outbox'::regclass").bigint(0, 0),
            3);
  const auto validated = run({"--database", restored.superuser().conninfo, "schema", "validate"});
  EXPECT_EQ(validated.code, 0) << validated.err;
  there.execute(
      "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
      "VALUES (gen_random_uuid(), 1, 'orders', 'T', 'new')");
  RecordingSink sink;
  outbox::RelayOptions options;
  options.name = "shop";
  outbox::Relay relay{restored.superuser(), outbox::message_log("annals"), sink, clock_, options};
  while (relay.step(std::chrono::milliseconds{20}).state != outbox::StepReport::State::idle) {
  }
  ASSERT_EQ(sink.received.size(), 1U);
  EXPECT_EQ(sink.received.front().payload, "new");
  EXPECT_THAT(run({"--database", restored.superuser().conninfo, "doctor"}).out,
              AllOf(HasSubstr("kept for 00:00:00"), testing::Not(HasSubstr("can be bypassed"))));
}

}  // namespace
}  // namespace annals::tests
