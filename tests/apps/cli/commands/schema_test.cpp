#include <fmt/format.h>

#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SchemaCommand : public CliTest {
 protected:
  SchemaCommand() : CliTest(TempDatabase::Schema::none, "service") {}
};

TEST_F(SchemaCommand, AppliesOnceAndSaysWhat) {
  const auto first = annals({"-o", "jsonl", "schema", "apply"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr(R"({"module":"eventstore","step":1,"name":"events"})"));
  const auto second = annals({"-o", "jsonl", "schema", "apply"});
  EXPECT_EQ(second.code, 0);
  EXPECT_EQ(second.out, "");
  EXPECT_THAT(second.err, HasSubstr("up to date"));
}

TEST_F(SchemaCommand, MayMakeAnotherRoleTheOwner) {
  const auto role = "owner_" + connect().query("SELECT current_database()::text").text(0, 0);
  connect().execute("CREATE ROLE " + role);
  connect().execute(
      fmt::format("DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {}', current_database()); END $$", role));
  const auto superuser = database_.superuser().conninfo;
  EXPECT_EQ(run({"--database", superuser, "schema", "apply", "--owner", role}).code, 0);
  EXPECT_EQ(connect().query("SELECT tableowner::text FROM pg_tables WHERE tablename = 'events'").text(0, 0), role);
  const auto refused = annals({"schema", "apply", "--owner", "nobody; DROP SCHEMA annals"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("\"nobody; DROP SCHEMA annals\" cannot own the schema"), HasSubstr("create the role")));
  connect().execute("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

TEST_F(SchemaCommand, AppliesForAnOwnerWhomTheLoginTakesOn) {
  const auto finished = run({"--database", database_.uri("migrator"), "schema", "apply", "--owner", "annals_owner"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(connect().query("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'annals'").text(0, 0),
            "annals_owner");
  const auto stranger = run({"--database", database_.uri("writer"), "schema", "apply", "--owner", "annals_owner"});
  EXPECT_NE(stranger.code, 0);
}

TEST_F(SchemaCommand, MayBeAppliedByManyAtOnce) {
  const auto arguments = with_database({"-o", "jsonl", "schema", "apply"});
  Program first{arguments};
  Program second{arguments};
  Program third{arguments};
  std::string all;
  for (auto* program : {&first, &second, &third}) {
    const auto finished = program->finish();
    EXPECT_EQ(finished.code, 0) << finished.err;
    all += finished.out;
  }
  EXPECT_EQ(all.find("eventstore"), all.rfind("eventstore"));
  EXPECT_EQ(annals({"schema", "validate"}).code, 0);
}

TEST_F(SchemaCommand, ValidatesWithExitCode5) {
  const auto missing = annals({"schema", "validate"});
  EXPECT_EQ(missing.code, 5);
  EXPECT_THAT(missing.err, HasSubstr("annals schema apply"));
  EXPECT_EQ(annals({"schema", "apply"}).code, 0);
  EXPECT_EQ(output({"-o", "json", "schema", "validate"}), "{\"schema\":\"annals\",\"valid\":true}\n");
  connect().execute("UPDATE annals.schema_migrations SET checksum = 1 WHERE module = 'outbox' AND number = 1");
  const auto changed = annals({"schema", "validate"});
  EXPECT_EQ(changed.code, 5);
  EXPECT_THAT(changed.err, HasSubstr("step 1 (outbox)"));
}

TEST_F(SchemaCommand, PrintsAScriptThatDoesTheSame) {
  const auto script = run({"schema", "print-sql", "--schema", "other"});
  EXPECT_EQ(script.code, 0) << script.err;
  postgres::Connection{database_.database()}.execute(script.out);
  EXPECT_EQ(annals({"--schema", "other", "schema", "validate"}).code, 0);
}

TEST(FailureText, ShowsNothingThatATerminalObeys) {
  const auto finished = run({"stream", "append", "x", "--type", "T", "--data", "@/nowhere/\x1b[2J\xC2\x9B\nhint: x"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, testing::Not(testing::HasSubstr("\x1b")));
  EXPECT_THAT(finished.err, testing::Not(testing::HasSubstr("\xC2\x9B")));
  EXPECT_THAT(finished.err, testing::Not(testing::HasSubstr("\nhint: x")));
}

}  // namespace
}  // namespace annals::tests
