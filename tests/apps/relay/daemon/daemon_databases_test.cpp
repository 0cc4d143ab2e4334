// One process, several databases, and what becomes of one is nothing to the others.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "daemon_test.hpp"
#include "remedy.hpp"

namespace annals::tests {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two databases, shop (that of RelayDaemonTest) and crm, and a third that there is not.
class RelayDaemonDatabases : public RelayDaemonTest {
 protected:
  static std::string section(const std::string& name, const std::string& more = {}) {
    return fmt::format("[[database]]\nname = \"{0}\"\nuri_env = \"URI_{0}\"\n{1}", name, more);
  }
  std::string configure(const std::string& sections) const {
    return folder_.write(
        "relay.toml",
        "[relay]\nsink = \"stdout\"\n[limits]\nretry_max_ms = 200\n[http]\nlisten = \"127.0.0.1:0\"\n" + sections);
  }
  std::unique_ptr<RelayProcess> start_many(const std::string& sections, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"--config", configure(sections)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<RelayProcess>(
        arguments, std::map<std::string, std::string>{
                       {"URI_shop", database_.uri("relay")},
                       {"URI_crm", crm_.uri("relay")},
                       {"URI_gone", "host=127.0.0.1 port=1 dbname=gone user=nobody connect_timeout=2"}});
  }
  void enqueue_crm(const std::string& topic) const {
    postgres::Connection{crm_.superuser()}.execute(
        "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) VALUES (gen_random_uuid(), 2, '" +
        topic + "', 'T', '1')");
  }
  static long lines_of(const RelayProcess& relay, const std::string& database) {
    const auto lines = relay.out_lines();
    return std::ranges::count_if(
        lines, [&](const auto& line) { return line.find("\"database\":\"" + database + "\"") != std::string::npos; });
  }
  /// Runs the command in the log that is like this, with `number` for its N; returns its exit status.
  int operate(const std::string& log, const std::string& like, const std::string& number = {}) const {
    return paste(folder_, log, like, {{"URI_shop", database_.uri("operator")}}, number);
  }
  static bool is(const RelayProcess& relay, const std::string& database, const std::string& state) {
    return relay.metric(fmt::format("annals_relay_state{{database=\"{}\",source=\"outbox\",state=\"{}\"}}", database,
                                    state)) == 1.0;
  }

  TempDatabase crm_;
};

const std::string only_orders = "[database.relay]\ntopics = [\"orders\"]\n";

TEST_F(RelayDaemonDatabases, EachHasItsOwnFate) {
  enqueue("orders", 0, 5);
  enqueue_crm("orders");
  enqueue_crm("payments");
  const auto relay = start_many(section("shop") + section("crm", only_orders) + section("gone"));
  ASSERT_TRUE(eventually([&] { return is(*relay, "crm", "halted") && is(*relay, "gone", "retrying"); }))
      << relay->err();
  ASSERT_TRUE(eventually([&] { return lines_of(*relay, "shop") == 5; })) << relay->err();
  EXPECT_EQ(lines_of(*relay, "crm"), 1);
  enqueue("orders", 5, 5);
  ASSERT_TRUE(eventually([&] { return lines_of(*relay, "shop") == 10; })) << relay->err();

  ASSERT_TRUE(eventually([&] { return relay->ready(); })) << relay->get("/readyz").body;
  EXPECT_THAT(relay->get("/readyz").body,
              AllOf(HasSubstr("1 of 3 databases ready: degraded\n"), Not(ContainsRegex("shop outbox: [^\n]*not ready")),
                    HasSubstr("crm outbox: halted, not ready: "), HasSubstr("gone outbox: ")));
  EXPECT_EQ(relay->get("/livez").status, 200);
  EXPECT_THAT(relay->err(), AllOf(ContainsRegex("halted: this needs an operator database=crm source=outbox "),
                                  ContainsRegex("unavailable, will try again database=gone "),
                                  ContainsRegex("owner: publishing database=shop "),
                                  Not(ContainsRegex("unavailable[^\n]* database=shop"))));
  EXPECT_EQ(scalar("SELECT epoch FROM annals.relay_checkpoints"), "1") << "nothing has disturbed it";
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(std::chrono::seconds{5}), 7) << "the worst" << relay->err();
}

TEST_F(RelayDaemonDatabases, AReloadBeginsWhatHasHaltedOrIsNewAndEndsWhatIsGone) {
  enqueue("orders", 0, 5);
  enqueue_crm("payments");
  const auto relay = start_many(section("crm", only_orders) + section("gone"));
  ASSERT_TRUE(eventually([&] { return is(*relay, "crm", "halted"); })) << relay->err();
  (void)configure(section("crm") + section("shop"));
  relay->signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return lines_of(*relay, "crm") == 1 && lines_of(*relay, "shop") == 5; }))
      << relay->err();
  EXPECT_TRUE(eventually([&] { return relay->get("/readyz").body.starts_with("2 of 2 databases ready\n"); }))
      << relay->get("/readyz").body;
  EXPECT_TRUE(eventually([&] { return relay->get("/metrics").body.find("gone") == std::string::npos; }))
      << "an alert on it would never end";

  (void)configure(section("crm", "[database.relay]\nstandby_poll_ms = 77\nrate_limits = [\"*=1\"]\n") +
                  section("shop"));
  relay->signal(SIGHUP);
  ASSERT_TRUE(eventually([&] {
    return relay->has_logged("takes a restart database=crm setting=relay.standby_poll_ms");
  })) << relay->err();
  EXPECT_FALSE(relay->has_logged("takes a restart database=shop"));
  // Those that come before the limit has reached the thread that publishes are not held.
  ASSERT_TRUE(eventually([&] {
    enqueue_crm("orders");
    return relay->metric("annals_relay_throttled_seconds_total{database=\"crm\",source=\"outbox\"}").value_or(0) > 0;
  })) << relay->err();
  enqueue("orders", 5, 50);
  ASSERT_TRUE(eventually([&] { return lines_of(*relay, "shop") == 55; }, std::chrono::seconds{5}))
      << "its limits are its own";
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(), 0) << relay->err();
}

/// What a line of the log offers is done here, word for word, by an operator who has the databases' variables.
TEST_F(RelayDaemonDatabases, OffersCommandsThatMendAShardThatHasHalted) {
  execute("INSERT INTO annals.relay_shards (relay, log, shards, wanted) VALUES ('relay', 'outbox', 2, 2)");
  enqueue("payments", 0, 1);
  const auto relay = start_many(section("shop", only_orders + "shards = 4\n"));
  ASSERT_TRUE(eventually([&] { return relay->has_logged("halted: this needs an operator"); })) << relay->err();
  enqueue("orders", 0, 14);
  ASSERT_TRUE(eventually([&] { return lines_of(*relay, "shop") > 0; })) << relay->err();
  EXPECT_LT(lines_of(*relay, "shop"), 14) << "the other shard has some of the keys";
  const auto log = relay->err();
  ASSERT_EQ(operate(log, "annals --config \\S+ --database shop relay skip .*--position 1 --id \\S{36} --reason WHY"), 0)
      << log;
  relay->signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return lines_of(*relay, "shop") == 14; })) << relay->err();
  ASSERT_EQ(operate(log, "annals --config \\S+ --database shop relay shards relay --log outbox --set N", "3"), 0)
      << log;
  EXPECT_EQ(scalar("SELECT wanted FROM annals.relay_shards WHERE relay = 'relay'"), "3");
}

TEST_F(RelayDaemonDatabases, EndsWhenAllHaveEndedWithTheWorstOfTheirCodes) {
  enqueue("orders", 0, 3'000);
  enqueue_crm("payments");
  const auto relay = start_many(section("crm", only_orders) + section("shop"), {"--until-caught-up"});
  EXPECT_EQ(relay->wait_for_exit(), 7) << relay->err();
  EXPECT_EQ(lines_of(*relay, "shop"), 3'000) << "the other was not cut short";
}

TEST_F(RelayDaemonDatabases, OneThatIsNotPreparedForLongBeginsAnew) {
  const TempDatabase late{TempDatabase::Schema::none};
  const auto relay = std::make_unique<RelayProcess>(
      std::vector<std::string>{
          "--config", configure(section("shop") + section("late", "[database.limits]\nnot_ready_max_ms = 0\n"))},
      std::map<std::string, std::string>{{"URI_shop", database_.uri("relay")}, {"URI_late", late.uri("relay")}});
  ASSERT_TRUE(eventually([&] { return relay->has_logged("begins anew database=late"); })) << relay->err();
  late.prepare();
  EXPECT_TRUE(eventually([&] { return is(*relay, "late", "idle"); })) << relay->err();
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(), 0) << relay->err();
}

}  // namespace
}  // namespace annals::tests
