#include <gmock/gmock.h>

#include "daemon_test.hpp"

namespace annals::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RelayDaemonConfig : public ::testing::Test {
 protected:
  std::unique_ptr<RelayProcess> run(const std::vector<std::string>& arguments,
                                    const std::map<std::string, std::string>& environment = {}) {
    auto relay = std::make_unique<RelayProcess>(arguments, environment);
    code_ = relay->wait_for_exit();
    return relay;
  }
  std::optional<int> code_;
  TempFolder folder_;
};

TEST_F(RelayDaemonConfig, HelpListsExitCodesAndVariables) {
  const auto relay = run({"--help"});
  EXPECT_EQ(code_, 0);
  EXPECT_THAT(relay->out(),
              AllOf(HasSubstr("Exit codes:"), HasSubstr("ANNALS_RELAY_NAME"), HasSubstr("--until-caught-up")));
}

TEST_F(RelayDaemonConfig, AWrongFlagIsAConfigurationErrorWithARemedy) {
  const auto unknown = run({"--no-such-flag\x1b[2J"});
  EXPECT_EQ(code_, 2);
  EXPECT_THAT(unknown->err(), AllOf(HasSubstr("annals-relay: error: "), HasSubstr("Hint: annals-relay --help"),
                                    Not(HasSubstr("\x1b")), Not(HasSubstr("did you mean"))));
  const auto misspelt = run({"--brokres", "k:9092"});
  EXPECT_EQ(code_, 2);
  EXPECT_THAT(misspelt->err(), HasSubstr("Hint: did you mean --brokers? annals-relay --help lists all flags"));
}

TEST_F(RelayDaemonConfig, ListsTheSettingsOfKafkaThatItTakes) {
  const auto relay = run({"--list-kafka-settings"});
  EXPECT_EQ(code_, 0);
  EXPECT_THAT(relay->out(), AllOf(HasSubstr("\nlinger.ms\n"), HasSubstr("acks=all|-1\n"), Not(HasSubstr("fetch."))));
}

TEST_F(RelayDaemonConfig, CheckAcceptsAGoodFile) {
  const auto file =
      folder_.write("relay.toml", "[database]\nuri = \"postgresql://nowhere.invalid/x\"\n[relay]\nsink = \"stdout\"\n");
  const auto relay = run({"--config", file, "--check"});
  EXPECT_EQ(code_, 0);
  EXPECT_THAT(relay->err(), HasSubstr("is good"));
}

TEST_F(RelayDaemonConfig, CheckRefusesABadFileWithPlaceAndRemedy) {
  const auto file = folder_.write("relay.toml", "[relay]\nsnik = \"stdout\"\n");
  const auto relay = run({"--config", file, "--check"});
  EXPECT_EQ(code_, 2);
  EXPECT_THAT(relay->err(), HasSubstr("relay.toml:2: relay.snik is not a setting. Hint: did you mean relay.sink?"));
}

TEST_F(RelayDaemonConfig, PrintsEffectiveSettingsWithoutSecrets) {
  const auto relay = run({"--print-config", "--sink", "stdout"}, {{"ANNALS_DATABASE", "postgresql://u:canary@h/d"}});
  EXPECT_EQ(code_, 0);
  EXPECT_THAT(relay->out(), AllOf(HasSubstr("ANNALS_DATABASE"), HasSubstr("# --sink"), Not(HasSubstr("canary"))));
}

TEST_F(RelayDaemonConfig, AddressInUseIsAConfigurationError) {
  const TempDatabase database;
  RelayProcess first{{"--listen", "127.0.0.1:0", "--sink", "stdout"}, {{"ANNALS_DATABASE", database.uri("relay")}}};
  ASSERT_TRUE(eventually([&] { return first.ready(); })) << first.err();
  const auto log = first.err();
  const auto at = log.find("http=") + 5;
  const auto relay = run({"--listen", log.substr(at, log.find_first_of(" \n", at) - at), "--sink", "stdout"},
                         {{"ANNALS_DATABASE", database.uri("relay")}});
  EXPECT_EQ(code_, 2);
  EXPECT_THAT(relay->err(), HasSubstr("cannot listen"));
}

TEST_F(RelayDaemonConfig, ExitsWithThreeWhenTheDatabaseIsAwayAndThatWasAskedFor) {
  const auto relay = run({"--exit-on-unavailable", "--sink", "stdout", "--listen", "off"},
                         {{"ANNALS_DATABASE", "postgresql://u:canary@127.0.0.1:1/d"}});
  EXPECT_EQ(code_, 3);
  EXPECT_THAT(relay->err(), AllOf(HasSubstr("unavailable"), HasSubstr("127.0.0.1"), Not(HasSubstr("canary"))));
}

TEST_F(RelayDaemonConfig, KeepsTryingWhenTheDatabaseIsAway) {
  RelayProcess relay{{"--sink", "stdout", "--listen", "127.0.0.1:0"},
                     {{"ANNALS_DATABASE", "postgresql://u:canary@127.0.0.1:1/d"}, {"ANNALS_RELAY_RETRY_MAX_MS", "50"}}};
  const auto restarts = [&] {
    return relay.metric("annals_relay_restarts_total{reason=\"disconnected\",source=\"outbox\"}").value_or(0);
  };
  ASSERT_TRUE(eventually([&] { return restarts() > 3; })) << relay.err();
  EXPECT_EQ(relay.get("/readyz").status, 503);
  EXPECT_EQ(relay.get("/livez").status, 200);
  const auto log = relay.err();
  const auto first = log.find("will try again");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(log.find("will try again", first + 1), std::string::npos) << "the same line is not repeated:\n" << log;
  for (const auto& path : {"/readyz", "/livez", "/metrics"})
    EXPECT_THAT(relay.get(path).body, Not(HasSubstr("canary")));
  EXPECT_THAT(log + relay.out(), Not(HasSubstr("canary")));
  relay.signal(SIGTERM);
  EXPECT_EQ(relay.wait_for_exit(), 0);
}

TEST_F(RelayDaemonConfig, WaitsForTheSchema) {
  const TempDatabase database{TempDatabase::Schema::none};
  const auto relay = run({"--exit-on-unavailable", "--sink", "stdout", "--listen", "off"},
                         {{"ANNALS_DATABASE", database.uri("relay")}});
  EXPECT_EQ(code_, 3);
  EXPECT_THAT(relay->err(), HasSubstr("annals schema apply"));
}

TEST_F(RelayDaemonConfig, StartsWhenTheSchemaIsAppliedWhileItWaits) {
  const TempDatabase database{TempDatabase::Schema::none};
  RelayProcess relay{{"--sink", "stdout", "--listen", "127.0.0.1:0"},
                     {{"ANNALS_DATABASE", database.uri("relay")}, {"ANNALS_RELAY_RETRY_MAX_MS", "50"}}};
  const auto restarts = [&] {
    return relay.metric("annals_relay_restarts_total{reason=\"not_ready\",source=\"outbox\"}").value_or(0);
  };
  ASSERT_TRUE(eventually([&] { return restarts() > 1; })) << relay.err();
  EXPECT_EQ(relay.get("/readyz").status, 503);
  // Between two tries it says why, and during one that it connects.
  EXPECT_TRUE(eventually([&] {
    const auto body = relay.get("/readyz").body;
    return body.find(R"(no schema \"annals\")") != std::string::npos &&
           body.find("; gives up in ") != std::string::npos;
  })) << relay.get("/readyz").body;
  database.prepare();
  EXPECT_TRUE(eventually([&] { return relay.get("/readyz").status == 200; })) << relay.err();
  relay.signal(SIGTERM);
  EXPECT_EQ(relay.wait_for_exit(), 0);
}

TEST_F(RelayDaemonConfig, GivesUpASchemaThatNeverComesAndNamesTheOneThatIsThere) {
  const TempDatabase database;
  const auto relay = run({"--schema", "anals", "--not-ready-max-ms", "300", "--sink", "stdout", "--listen", "off"},
                         {{"ANNALS_DATABASE", database.uri("relay")}, {"ANNALS_RELAY_RETRY_MAX_MS", "50"}});
  EXPECT_EQ(code_, 3);
  EXPECT_THAT(relay->err(),
              AllOf(HasSubstr("will try again"), HasSubstr("halted"), HasSubstr(R"(no schema \"anals\")"),
                    HasSubstr("annals schema apply --schema anals"), HasSubstr(R"(here Annals has \"annals\")")));
}

TEST_F(RelayDaemonConfig, GivesUpADatabaseThatNeverComes) {
  const auto relay = run(
      {"--not-ready-max-ms", "300", "--sink", "stdout", "--listen", "off"},
      {{"ANNALS_DATABASE", required_env("ANNALS_DATABASE") + "&dbname=nowhere"}, {"ANNALS_RELAY_RETRY_MAX_MS", "50"}});
  EXPECT_EQ(code_, 3);
  EXPECT_THAT(relay->err(),
              AllOf(HasSubstr("will try again"), HasSubstr("halted"),
                    HasSubstr(R"(database \"nowhere\" does not exist)"), HasSubstr("create the database")));
}

TEST_F(RelayDaemonConfig, ANewNameBesideOthersEndsItAtOnce) {
  const TempDatabase database;
  const auto named = [&](const std::string& name) {
    return run({"--name", name, "--until-caught-up", "--sink", "stdout", "--listen", "off"},
               {{"ANNALS_DATABASE", database.uri("relay")}});
  };
  (void)named("shop");
  EXPECT_EQ(code_, 0);
  const auto mistyped = named("shpo");
  EXPECT_EQ(code_, 2);
  EXPECT_THAT(mistyped->err(),
              AllOf(HasSubstr(R"(\"shpo\" is new)"), HasSubstr(R"(\"shop\")"), HasSubstr("where it starts")));
}

TEST_F(RelayDaemonConfig, ASchemaThatIsTooNewEndsItAtOnce) {
  const TempDatabase database;
  postgres::Connection{database.superuser()}.execute(
      "INSERT INTO annals.schema_migrations (module, number, name, checksum, compatible_from) "
      "SELECT module, max(number) + 1, 'later', 0, max(number) + 1 FROM annals.schema_migrations "
      "WHERE module = 'outbox' GROUP BY module");
  const auto relay = run({"--sink", "stdout", "--listen", "off"}, {{"ANNALS_DATABASE", database.uri("relay")}});
  EXPECT_EQ(code_, 5);
  EXPECT_THAT(relay->err(), HasSubstr("upgrade this program"));
}

}  // namespace
}  // namespace annals::tests
