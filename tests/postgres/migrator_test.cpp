#include "annals/postgres/migrator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "support/temp_database.hpp"

using annals::Error;
using annals::ErrorKind;
using annals::postgres::Connection;
using annals::postgres::MigrationSet;
using annals::postgres::Migrator;
using annals::tests::TempDatabase;
using testing::HasSubstr;

namespace {

MigrationSet one_step() { return {"m", {{1, "first", "CREATE TABLE {schema}.a (x int);"}}}; }
MigrationSet two_steps() {
  auto set = one_step();
  set.migrations.push_back({2, "second", "CREATE TABLE {schema}.b (x int); ALTER TABLE {schema}.a ADD y int;"});
  return set;
}

Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  return Error{ErrorKind::failed, "nothing was thrown"};
}

class MigratorTest : public testing::Test {
 protected:
  Migrator migrator(MigrationSet set) { return Migrator{temp_.database(), {std::move(set)}}; }
  bool exists(const std::string& table) {
    return !Connection{temp_.database()}
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

TEST_F(MigratorTest, RefusesADatabaseThatIsAhead) {
  migrator(two_steps()).apply();
  EXPECT_THAT(error_of([&] { migrator(one_step()).apply(); }).what(), HasSubstr("upgrade this program"));
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
