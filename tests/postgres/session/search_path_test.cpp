// A role that may do no more than create functions in public must not get its code into anybody else's session.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/migrator.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "support/planted_functions.hpp"
#include "support/temp_database.hpp"

using annals::postgres::Connection;
using annals::postgres::Migrator;
using annals::tests::TempDatabase;
using testing::HasSubstr;

namespace {

constexpr auto count_elements = "SELECT pg_catalog.int8(cardinality('{a,b}'::text[]))";

class SearchPathTest : public testing::Test {
 protected:
  SearchPathTest() { annals::tests::plant_functions(temp_.superuser()); }

  /// What a service's session, with the path that the role has, answers.
  std::string message_of(const std::string& sql, const annals::postgres::Database& database) {
    const auto connection = annals::postgres::open_pqxx(database);
    try {
      pqxx::work tx{*connection};
      return tx.exec(sql)[0][0].as<std::string>();
    } catch (const pqxx::sql_error& error) {
      return error.what();
    }
  }
  TempDatabase temp_{TempDatabase::Schema::none};
};

}  // namespace

TEST_F(SearchPathTest, PlantedFunctionsWinInAnUnguardedSession) {
  // The control: were the functions not preferred, the other tests would show nothing.
  EXPECT_THAT(message_of(count_elements, temp_.database()), HasSubstr("planted: cardinality"));
}

TEST_F(SearchPathTest, OurOwnSessionsDoNotSeeThem) {
  Connection{temp_.superuser()}.execute(
      "DO $$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %I SET search_path = public, pg_catalog',"
      " pg_catalog.current_database()); END $$");
  auto database = temp_.database();
  database.search_path = "public";  // for the service's own sessions only
  Connection connection{database};
  EXPECT_EQ(connection.query(count_elements).bigint(0, 0), 2);
  EXPECT_EQ(connection.query("SHOW search_path").text(0, 0), "pg_catalog, pg_temp");
}

TEST_F(SearchPathTest, StepsOfTheSchemaDoNotCallThem) {
  const auto step = "CREATE DOMAIN {schema}.few AS text[] CHECK (cardinality(VALUE) <= 2);";
  Migrator{temp_.database(), {{"m", {{1, "few", step}}}}}.apply();
  EXPECT_EQ(message_of("SELECT '{a,b}'::annals.few", temp_.database()), "{a,b}");
}

TEST_F(SearchPathTest, TheScriptForAnAdministratorDoesNotCallThemEither) {
  const auto step = "CREATE DOMAIN {schema}.few AS text[] CHECK (cardinality(VALUE) <= 2);";
  const auto script = Migrator{temp_.database(), {{"m", {{1, "few", step}}}}}.script();
  {
    const auto connection = annals::postgres::open_pqxx(temp_.database());
    pqxx::nontransaction psql{*connection};
    psql.exec(script);
  }
  EXPECT_EQ(message_of("SELECT '{a,b}'::annals.few", temp_.database()), "{a,b}");
}

TEST_F(SearchPathTest, AServicesSessionsGetThePathTheyAskFor) {
  auto database = temp_.database();
  EXPECT_THAT(message_of("SHOW search_path", database), HasSubstr("public"));  // the role's own
  database.search_path = "shop, pg_temp";
  EXPECT_EQ(message_of("SHOW search_path", database), "shop, pg_temp");
}
