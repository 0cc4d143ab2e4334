#include "annals/postgres/migrator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "annals/core/error.hpp"
#include "annals/core/event_id.hpp"
#include "annals/postgres/connection.hpp"
#include "support/error_of.hpp"
#include "support/temp_database.hpp"

using annals::Error;
using annals::ErrorKind;
using annals::postgres::Connection;
using annals::postgres::MigrationSet;
using annals::postgres::Migrator;
using annals::tests::error_of;
using annals::tests::TempDatabase;
using testing::HasSubstr;

namespace {

MigrationSet one_step() { return {"m", {{1, "first", "CREATE TABLE {schema}.a (x int);"}}}; }
MigrationSet two_steps() {
  auto set = one_step();
  set.migrations.push_back({2, "second", "CREATE TABLE {schema}.b (x int); ALTER TABLE {schema}.a ADD y int;"});
  return set;
}

/// The second step leaves what programs of the first step read and write as it was.
MigrationSet two_compatible_steps() {
  auto set = two_steps();
  set.migrations.back().compatible_from = 1;
  return set;
}

class MigratorTest : public testing::Test {
 protected:
  Migrator migrator(MigrationSet set) { return Migrator{temp_.database(), {std::move(set)}}; }
  bool exists(const std::string& table) {
    return !Connection{temp_.superuser()}
                .query("SELECT to_regclass($1::text)::text", annals::postgres::Params{}.text("annals." + table))
                .is_null(0, 0);
  }
  TempDatabase temp_{TempDatabase::Schema::none};
};

}  // namespace

TEST_F(MigratorTest, AppliesWhatIsMissingAndOnlyThat) {
  EXPECT_EQ(migrator(two_steps()).plan().size(), 2U);
  EXPECT_EQ(migrator(one_step()).apply().size(), 1U);
  const auto second = migrator(two_steps()).apply();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].name, "second");
  EXPECT_TRUE(migrator(two_steps()).apply().empty());
  EXPECT_NO_THROW(migrator(two_steps()).validate());
  EXPECT_TRUE(exists("b"));
}

TEST_F(MigratorTest, LeavesNothingOfAStepThatFails) {
  auto set = one_step();
  set.migrations.push_back({2, "broken", "CREATE TABLE {schema}.c (x int); SELECT nonsense;"});
  EXPECT_THROW(migrator(set).apply(), Error);
  EXPECT_TRUE(exists("a"));
  EXPECT_FALSE(exists("c"));
  EXPECT_EQ(migrator(two_steps()).apply().size(), 1U);
}

TEST_F(MigratorTest, SaysWhatToDoWhenTheSchemaIsBehind) {
  migrator(one_step()).apply();
  const auto error = error_of([&] { migrator(two_steps()).validate(); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.what(), HasSubstr("lacks step 2 (second) of m"));
  EXPECT_THAT(error.what(), HasSubstr("annals schema apply"));
}

TEST_F(MigratorTest, TellsASchemaThatIsNotThereFromOneThatIsBehind) {
  migrator(one_step()).apply();
  auto database = temp_.database();
  database.schema = "mistyped";
  const auto error = error_of([&] { Migrator(database, {one_step()}).validate(); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("there is no schema \"mistyped\""),
                                           HasSubstr("`annals schema apply --schema mistyped`"),
                                           HasSubstr("here Annals has \"annals\"")));
}

TEST_F(MigratorTest, RefusesADatabaseThatIsAhead) {
  migrator(two_steps()).apply();
  const auto error = error_of([&] { migrator(one_step()).apply(); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("upgrade this program"));
}

TEST_F(MigratorTest, LetsOlderProgramsWorkOnWhenTheNewerStepsSaySo) {
  migrator(two_compatible_steps()).apply();
  EXPECT_NO_THROW(migrator(one_step()).validate());
  EXPECT_TRUE(migrator(one_step()).plan().empty());
  EXPECT_TRUE(migrator(one_step()).apply().empty());
  auto three = two_compatible_steps();
  three.migrations.push_back({3, "third", "CREATE TABLE {schema}.c (x int);", 2});
  migrator(three).apply();
  EXPECT_NO_THROW(migrator(two_compatible_steps()).validate());
  const auto error = error_of([&] { migrator(one_step()).validate(); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("has step 3 (third) of m, which this build does not know"));
}

TEST_F(MigratorTest, OlderProgramsAreStillHeldToTheirOwnSteps) {
  migrator(two_compatible_steps()).apply();
  const MigrationSet changed{"m", {{1, "first", "CREATE TABLE {schema}.a (x bigint);"}}};
  EXPECT_EQ(error_of([&] { migrator(changed).validate(); }).kind(), ErrorKind::corrupt);
}

TEST_F(MigratorTest, RefusesAListWithAGap) {
  migrator(two_compatible_steps()).apply();
  Connection{temp_.database()}.execute("DELETE FROM annals.schema_migrations WHERE number = 1");
  const auto error = error_of([&] { migrator(two_compatible_steps()).apply(); });
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("has step 2 of m, but not step 1"));
}

/// A stranger who may create schemas makes ours first.
class SquattedSchema : public MigratorTest {
 protected:
  SquattedSchema() {
    for (auto& c : role_) {
      if (c == '-') c = '_';
    }
    admin_.execute("CREATE ROLE " + role_ + "; DO $$ BEGIN EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO " +
                   role_ + "', pg_catalog.current_database()); END $$");
  }
  ~SquattedSchema() override { admin_.execute("DROP OWNED BY " + role_ + " CASCADE; DROP ROLE " + role_); }

  /// An administrator's: who has most to lose.
  Migrator migrator(MigrationSet set) { return Migrator{temp_.superuser(), {std::move(set)}}; }
  void as_stranger(const std::string& sql) { admin_.execute("SET ROLE " + role_ + "; " + sql + "; RESET ROLE"); }
  bool stranger_became_superuser() {
    return admin_
        .query("SELECT rolsuper FROM pg_roles WHERE rolname = $1::text", annals::postgres::Params{}.text(role_))
        .boolean(0, 0);
  }
  /// Whatever is done to the list runs this as whoever does it.
  std::string trap() const {
    return "CREATE FUNCTION annals.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE " + role_ +
           " SUPERUSER; RETURN NEW; END $$";
  }

  std::string role_ = "stranger_" + annals::EventId::generate().to_string();
  Connection admin_{temp_.superuser()};
};

TEST_F(SquattedSchema, IsRefusedBeforeItsTriggersRun) {
  as_stranger(
      "CREATE SCHEMA annals; CREATE TABLE annals.schema_migrations (module text, number int, name text,"
      " checksum bigint, compatible_from int, applied_at timestamptz DEFAULT now()); " +
      trap() +
      "; CREATE TRIGGER trap BEFORE INSERT ON annals.schema_migrations FOR EACH ROW EXECUTE FUNCTION annals.trap()");
  const auto error = error_of([&] { migrator(one_step()).apply(); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_THAT(error.what(), HasSubstr("is owned by \"" + role_ + "\""));
  EXPECT_THAT(error.what(), HasSubstr("DROP SCHEMA annals CASCADE"));
  EXPECT_FALSE(stranger_became_superuser());
  EXPECT_FALSE(exists("a"));
  EXPECT_EQ(error_of([&] { (void)migrator(one_step()).plan(); }).kind(), ErrorKind::invalid);
  admin_.execute("DROP SCHEMA annals CASCADE");  // what the hint says
  EXPECT_EQ(migrator(one_step()).apply().size(), 1U);
}

TEST_F(SquattedSchema, IsRefusedWhileItIsStillEmpty) {
  as_stranger("CREATE SCHEMA annals");
  EXPECT_EQ(error_of([&] { migrator(one_step()).apply(); }).kind(), ErrorKind::invalid);
  EXPECT_FALSE(exists("schema_migrations"));
}

TEST_F(SquattedSchema, AListThatIsAViewIsNotRead) {
  as_stranger(
      "CREATE SCHEMA annals; CREATE FUNCTION annals.trap() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ALTER ROLE " +
      role_ +
      " SUPERUSER; RETURN 1; END $$; CREATE VIEW annals.schema_migrations AS SELECT 'm'::text AS module,"
      " annals.trap() AS number, 'first'::text AS name, 0::bigint AS checksum, 1 AS compatible_from");
  EXPECT_EQ(error_of([&] { migrator(one_step()).validate(); }).kind(), ErrorKind::corrupt);
  EXPECT_FALSE(stranger_became_superuser());
}

TEST_F(SquattedSchema, TheOwnerMayBeARoleOfItsOwn) {
  Migrator ours{temp_.superuser(), {one_step()}, {.owner_role = role_}};  // a role that we know and trust
  EXPECT_EQ(ours.apply().size(), 1U);
  EXPECT_EQ(
      admin_.query("SELECT tableowner::text FROM pg_tables WHERE schemaname = 'annals' AND tablename = 'a'").text(0, 0),
      role_);
  EXPECT_TRUE(ours.apply().empty());
  EXPECT_EQ(error_of([&] { migrator(one_step()).apply(); }).kind(), ErrorKind::invalid);
  EXPECT_NO_THROW(migrator(one_step()).validate());
}

TEST_F(MigratorTest, RefusesAStepWhoseTextChanged) {
  migrator(one_step()).apply();
  const MigrationSet changed{"m", {{1, "first", "CREATE TABLE {schema}.a (x bigint);"}}};
  EXPECT_EQ(error_of([&] { migrator(changed).apply(); }).kind(), ErrorKind::corrupt);
}

TEST_F(MigratorTest, LetsManyProcessesStartAtOnce) {
  std::vector<std::jthread> threads;
  std::atomic<std::size_t> applied{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { applied += migrator(two_steps()).apply().size(); });
  }
  threads.clear();
  EXPECT_EQ(applied, 2U);
}

TEST_F(MigratorTest, PrintsAScriptThatDoesTheSame) {
  Connection{temp_.database()}.execute(migrator(two_steps()).script());
  EXPECT_NO_THROW(migrator(two_steps()).validate());
  EXPECT_TRUE(migrator(two_steps()).plan().empty());
}

TEST_F(MigratorTest, GivesUpWhenALiveTableIsLocked) {
  migrator(one_step()).apply();
  Connection reader{temp_.database()};
  reader.execute("BEGIN; SELECT * FROM annals.a");
  Migrator hasty{temp_.database(), {two_steps()}, {.lock_timeout = std::chrono::milliseconds{50}}};
  EXPECT_EQ(error_of([&] { hasty.apply(); }).kind(), ErrorKind::overloaded);
  EXPECT_FALSE(exists("b"));
}
