#include "relay/settings/databases.hpp"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

#include "annals/core/event_id.hpp"
#include "relay/settings/config_listing.hpp"
#include "relay/settings/setting.hpp"

namespace annals::relayd {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using Environment = std::map<std::string, std::string>;
using Flags = std::vector<std::pair<std::string, std::string>>;

const std::string common = "[kafka]\nbrokers = \"localhost:9092\"\n";

/// A section with a database of its own, and what else is in it.
std::string section(const std::string& name, const std::string& more = {}) {
  return "[[database]]\nname = \"" + name + "\"\nuri = \"postgresql://u@localhost/" + name + "\"\n" + more;
}

LoadedConfig load(const std::string& text, Environment environment = {}, Flags flags = {}) {
  const auto path = ::testing::TempDir() + EventId::generate().to_string() + ".toml";
  std::ofstream{path} << text;
  auto loaded = load_config({.file = path, .environment = std::move(environment), .flags = std::move(flags)});
  std::remove(path.c_str());
  return loaded;
}

TEST(RelayDatabases, WhatStandsOutsideHoldsForAllButWhatOneSaysItself) {
  const auto loaded =
      load(common + "[relay]\nname = \"r\"\nsources = [\"events\"]\n[kafka.settings]\n\"linger.ms\" = 7\n" +
           "[[route]]\ncategory = \"*\"\ntopic = \"all\"\n" + section("shop") +
           section("crm",
                   "schema = \"a\"\n[database.relay]\nname = \"own\"\nshards = 4\n[database.limits]\nstall_ms = 5000\n"
                   "[database.kafka.settings]\n\"linger.ms\" = 1\n\"compression.type\" = \"lz4\"\n"
                   "[[database.route]]\ncategory = \"*\"\ntopic = \"crm\"\n"));
  ASSERT_THAT(loaded.problems, IsEmpty());
  ASSERT_EQ(loaded.databases.size(), 2U);
  const auto& shop = loaded.databases[0].config;
  const auto& crm = loaded.databases[1].config;
  EXPECT_EQ(shop.database.name, "shop");
  EXPECT_EQ(shop.relay.name, "r");
  EXPECT_EQ(shop.database.schema, "annals");
  EXPECT_EQ(shop.group.shards, 1U);
  EXPECT_EQ(shop.limits.stall, std::chrono::seconds{60});
  EXPECT_EQ(shop.relay.routes.at(0).topic, "all");
  EXPECT_THAT(shop.kafka.settings, ElementsAre(std::pair{"linger.ms", "7"}));
  EXPECT_EQ(crm.database.uri, "postgresql://u@localhost/crm");
  EXPECT_EQ(crm.database.schema, "a");
  EXPECT_EQ(crm.relay.name, "own");
  EXPECT_EQ(crm.group.shards, 4U);
  EXPECT_EQ(crm.limits.stall, std::chrono::seconds{5});
  EXPECT_EQ(crm.relay.routes.size(), 1U);
  EXPECT_EQ(crm.relay.routes.at(0).topic, "crm");
  EXPECT_THAT(crm.kafka.settings, ElementsAre(std::pair{"compression.type", "lz4"}, std::pair{"linger.ms", "1"}));
  EXPECT_THAT(crm.sources, ElementsAre("events"));
  EXPECT_EQ(crm.brokers, "localhost:9092");
}

TEST(RelayDatabases, EachMayHaveTablesOfItsOwn) {
  const auto loaded = load(common + section("shop") +
                           section("bills",
                                   "[database.relay]\nsources = [\"bills.outboxevent\"]\n"
                                   "[[database.own_outbox]]\ntable = \"bills.outboxevent\"\n"
                                   "layout = \"debezium\"\n"));
  ASSERT_THAT(loaded.problems, IsEmpty());
  ASSERT_EQ(loaded.databases.size(), 2U);
  EXPECT_THAT(loaded.databases[0].config.own_outboxes, IsEmpty());
  EXPECT_EQ(loaded.databases[1].config.own_outboxes.at(0).table, "bills.outboxevent");
}

TEST(RelayDatabases, EachHasTheTablesAndEncodingsOutsideWithoutSomeOfItsOwn) {
  const auto loaded =
      load(common +
           "[relay]\nsources = [\"a.out\"]\n[[own_outbox]]\ntable = \"a.out\"\nlayout = \"debezium\"\n"
           "[[encoding]]\ntopic = \"x*\"\nformat = \"raw\"\n" +
           section("shop") + section("bills", "[[database.encoding]]\ntopic = \"y\"\nformat = \"debezium\"\n"));
  ASSERT_THAT(loaded.problems, IsEmpty());
  ASSERT_EQ(loaded.databases.size(), 2U);
  for (const auto& database : loaded.databases) {
    ASSERT_EQ(database.config.own_outboxes.size(), 1U);
    EXPECT_EQ(database.config.own_outboxes.at(0).table, "a.out");
    EXPECT_EQ(database.config.kafka.encodings.size(), 1U);
  }
  EXPECT_EQ(loaded.databases[0].config.kafka.encodings.at(0).topic, "x*");
  EXPECT_EQ(loaded.databases[1].config.kafka.encodings.at(0).topic, "y");
}

TEST(RelayDatabases, EachMayHaveCapturesOfItsOwn) {
  const auto capture = [](const std::string& section, const std::string& table) {
    return "[[" + section + "]]\ntable = \"" + table + "\"\ntopic = \"t\"\n";
  };
  const auto text = "[relay]\nname = \"r\"\nsink = \"stdout\"\nsources = [\"changes\"]\n" +
                    capture("capture", "shop.orders") + section("shop") +
                    section("bills", capture("database.capture", "bills.*"));
  const auto loaded = load(text);
  ASSERT_THAT(loaded.problems, IsEmpty());
  ASSERT_EQ(loaded.databases.size(), 2U);
  EXPECT_EQ(loaded.databases[0].config.relay.captures.at(0).table, "shop.orders");
  EXPECT_EQ(loaded.databases[1].config.relay.captures.at(0).table, "bills.*");
  EXPECT_THAT(print_config(loaded), AllOf(HasSubstr("shop.orders=t "), HasSubstr("bills.*=t ")));
}

TEST(RelayDatabases, EnvironmentAndFlagsHoldForAllAndWin) {
  const auto loaded =
      load(common + section("shop") + section("crm", "[database.relay]\nsink = \"kafka\"\nname = \"x\"\n"),
           {{"ANNALS_RELAY_SINK", "stdout"}}, {{"relay.name", "flag"}});
  ASSERT_THAT(loaded.problems, IsEmpty());
  for (const auto& database : loaded.databases) {
    EXPECT_EQ(database.config.sink, SinkKind::standard_output);
    EXPECT_EQ(database.config.relay.name, "flag");
  }
}

TEST(RelayDatabases, TheirUrisComeFromVariablesAndFilesAndStaySecret) {
  const auto secret = ::testing::TempDir() + EventId::generate().to_string();
  std::ofstream{secret} << "postgresql://u:canary-1@localhost/crm\n";
  const auto loaded =
      load(common + "[[database]]\nname = \"shop\"\nuri_env = \"SHOP\"\n[[database]]\nname = \"crm\"\nuri_file = \"" +
               secret + "\"\n",
           {{"SHOP", "postgresql://u:canary-2@localhost/shop"}});
  std::remove(secret.c_str());
  ASSERT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.databases[0].config.database.uri, HasSubstr("canary-2"));
  EXPECT_THAT(loaded.databases[1].config.database.uri, HasSubstr("canary-1"));
  EXPECT_EQ(loaded.databases[0].origins.at("database.uri"), "SHOP");
  EXPECT_EQ(loaded.secrets.removed_from("canary-1 canary-2"), "*** ***");
  EXPECT_THAT(print_config(loaded), Not(HasSubstr("canary")));
  EXPECT_THAT(loaded.warnings, ElementsAre(AllOf(HasSubstr("database crm: "), HasSubstr("everybody can read it"))))
      << "the variable is no file";
}

TEST(RelayDatabases, AreShownWithWhatTheyHaveInCommonOnce) {
  const auto text = print_config(load(common + section("shop") + section("crm", "[database.relay]\nname = \"own\"\n")));
  EXPECT_THAT(text, AllOf(HasSubstr("\n# database shop\ndatabase.uri"), HasSubstr("\n# database crm\ndatabase.uri")));
  const auto count = [&](const std::string& key) {
    int found = 0;
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("kafka.brokers "), 1);
  EXPECT_EQ(count("relay.name "), 2);
}

TEST(RelayDatabases, ExampleIsGood) {
  const auto loaded = load_config({.file = ANNALS_RELAY_DATABASES_EXAMPLE,
                                   .environment = {{"SHOP_DATABASE", "postgresql://u@localhost/shop"}},
                                   .flags = {}});
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  ASSERT_EQ(loaded.databases.size(), 2U);
  EXPECT_EQ(loaded.databases[1].config.kafka.source, "/billing");
  EXPECT_EQ(loaded.databases[1].config.kafka.settings.size(), 2U);
}

TEST(RelayDatabases, AnOnlyDatabaseHasNoName) {
  const auto loaded = load(common + "[database]\nuri = \"postgresql://u@localhost/d\"\n");
  ASSERT_EQ(loaded.databases.size(), 1U);
  EXPECT_EQ(loaded.databases[0].config.database.name, "");
  EXPECT_EQ(loaded.databases[0].config.database.uri, loaded.config.database.uri);
}

TEST(RelayDatabases, OneThatHoldsForAllIsSaidOnce) {
  const auto loaded = load("[relay]\nsink = \"stdout\"\nrate_limits = [\"*=x\"]\n" + section("shop") +
                           section("crm", "[database.limits]\nstall_ms = 1\n"));
  EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("relay.rate_limits"),
                                           AllOf(HasSubstr("database crm: "), HasSubstr("limits.stall_ms"))));
}

TEST(RelayDatabases, WhatNamesASingleOneIsNotForMany) {
  const auto warned =
      load(common + section("shop"), {{"ANNALS_DATABASE", "postgresql://"}, {"ANNALS_DATABASE_FILE", ""}});
  EXPECT_THAT(warned.problems, IsEmpty());
  EXPECT_THAT(warned.warnings,
              ElementsAre(HasSubstr("ANNALS_DATABASE is not used: the file has [[database]]. Hint: ")));
  EXPECT_EQ(warned.databases[0].config.database.uri, "postgresql://u@localhost/shop");
  const auto named = load(common + "[[database]]\nname = \"shop\"\nuri_env = \"ANNALS_DATABASE\"\n",
                          {{"ANNALS_DATABASE", "postgresql://u@localhost/x"}});
  EXPECT_THAT(named.warnings, IsEmpty());
  EXPECT_EQ(named.databases[0].config.database.uri, "postgresql://u@localhost/x");
  const auto refused = load(common + section("shop"), {}, {{"database.uri", "postgresql://"}});
  EXPECT_THAT(refused.problems, ElementsAre(HasSubstr("--database: names one database")));
}

struct Bad {
  const char* name;
  std::string text;
  const char* message;
};

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class RelayDatabasesProblem : public ::testing::TestWithParam<Bad> {};

TEST_P(RelayDatabasesProblem, IsSaidWithItsPlaceAndRemedy) {
  const auto loaded = load(GetParam().text + common);
  ASSERT_THAT(loaded.problems, ElementsAre(AllOf(HasSubstr(GetParam().message), HasSubstr("Hint: "))));
}

INSTANTIATE_TEST_SUITE_P(
    Each, RelayDatabasesProblem,
    ::testing::Values(
        Bad{"NoName", "[[database]]\nuri = \"postgresql://\"\n", ":1: database.name is \"\""},
        Bad{"BadName", section("a b"), "database.name is \"a b\""},
        Bad{"SlashInName", section("a/b"), "database.name is \"a/b\""},
        Bad{"NameIsNumber", "[[database]]\nname = 7\nuri = \"postgresql://\"\n",
            "database.name is an integer, not a string"},
        Bad{"SameName", section("shop") + section("shop"), "two databases are called shop"},
        Bad{"SameDatabase",
            section("shop") + "[[database]]\nname = \"b\"\nuri = \"host=localhost dbname=shop user=v\"\n",
            "shop and b are one database, with one relay name"},
        Bad{"NoUri", "[[database]]\nname = \"shop\"\n",
            "database.uri is missing. Hint: give it as uri, uri_file, or the name"},
        Bad{"TwoUris", section("shop", "uri_env = \"X\"\n"), "database.uri and database.uri_env are both given"},
        Bad{"NoVariable", "[[database]]\nname = \"shop\"\nuri_env = \"GONE\"\n", "the variable GONE is not set"},
        Bad{"OfTheProgram", section("shop", "[database.http]\nlisten = \"off\"\n"),
            "http holds for the whole program, not for a database"},
        Bad{"Misspelt", section("shop", "[database.relay]\nnmae = \"x\"\n"),
            "relay.nmae is not a setting. Hint: did you mean relay.name?"},
        Bad{"MisspeltOwn", section("shop", "uri_enf = \"x\"\n"), "did you mean database.uri_env?"},
        Bad{"Nested", section("shop", "[database.database]\nuri = \"x\"\n"), "database.database is not a setting"},
        Bad{"NotSections", "database = [\"shop\"]\n", "database is not a list of sections"}),
    [](const auto& test) { return test.param.name; });

TEST(RelayDatabases, OneDatabaseMayHaveTwoRelaysOrTwoSchemas) {
  const auto twice = [](const std::string& more) {
    return load(common + section("shop") + "[[database]]\nname = \"b\"\nuri = \"postgresql://u@localhost/shop\"\n" +
                more);
  };
  EXPECT_THAT(twice("schema = \"other\"\n").problems, IsEmpty());
  EXPECT_THAT(twice("[database.relay]\nname = \"other\"\n").problems, IsEmpty());
  EXPECT_THAT(twice("").problems, Not(IsEmpty()));
}

TEST(RelayDatabases, ThereIsAMostOfThem) {
  std::string text = common;
  for (std::size_t i = 0; i < databases_max; ++i) text += section("d" + std::to_string(i));
  EXPECT_THAT(load(text).problems, IsEmpty());
  EXPECT_THAT(load(text + section("more")).problems, ElementsAre(HasSubstr("there are 65 databases")));
}

}  // namespace
}  // namespace annals::relayd
