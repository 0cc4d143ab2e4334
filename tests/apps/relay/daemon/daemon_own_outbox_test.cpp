#include <gmock/gmock.h>

#include "daemon_test.hpp"
#include "remedy.hpp"
#include "support/own_table.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

class RelayDaemonOwnOutbox : public RelayDaemonTest {
 protected:
  [[nodiscard]] std::string config(const std::string& more = {}) const {
    return folder_.write(
        "relay.toml",
        "[relay]\nsources = [\"shop.outboxevent\"]\n[[own_outbox]]\ntable = \"shop.outboxevent\"\nlayout = "
        "\"debezium\"\n" +
            more);
  }
};

/// Beside a transaction that is open, by a column that is called otherwise.
TEST_F(RelayDaemonOwnOutbox, PublishesATableOfTheServicesOwnInShards) {
  make_own_table(database_);
  execute("ALTER TABLE shop.outboxevent RENAME position TO \"Seq\"");
  postgres::Connection late{database_.superuser()};
  late.execute("BEGIN; " + insert_own("late", 0));
  for (int i = 1; i <= 10; ++i) execute(insert_own(fmt::format("k{}", i % 3), i));
  const auto relay = start({"--config", config("position = \"Seq\"\n"), "--sink", "stdout", "--shards", "2"});
  EXPECT_TRUE(eventually([&] { return relay->out_lines().size() == 10; })) << relay->err();
  late.execute("COMMIT");
  EXPECT_TRUE(eventually([&] { return relay->out_lines().size() == 11; })) << relay->err();
  relay->signal(SIGTERM);
  EXPECT_EQ(relay->wait_for_exit(), 0) << relay->err();
  EXPECT_THAT(relay->out(), HasSubstr("\"topic\":\"outbox.event.order\""));
  const auto again = start({"--config", config("position = \"Seq\"\n"), "--sink", "stdout", "--until-caught-up"});
  ASSERT_EQ(again->wait_for_exit(), 0) << again->err();
  EXPECT_EQ(again->out_lines().size(), 0U);
}

TEST_F(RelayDaemonOwnOutbox, DoesNotBeginWhileTheTableCouldLoseMessages) {
  make_debezium_table(database_);
  execute(insert_own("a", 1));
  const auto relay = start({"--config", config(), "--sink", "stdout", "--not-ready-max-ms", "0", "--until-caught-up"});
  EXPECT_EQ(relay->wait_for_exit(), 3);
  EXPECT_THAT(relay->err(), HasSubstr("ALTER TABLE shop.outboxevent ADD COLUMN position"));
  EXPECT_EQ(relay->out_lines().size(), 0U);
}

/// Its rows begin below what is published. As services do that clean up in this way.
TEST_F(RelayDaemonOwnOutbox, HaltsWhenTheTableIsReplacedWhileItRuns) {
  make_own_table(database_);
  for (int i = 1; i <= 3; ++i) execute(insert_own("a", i));
  const auto relay = start({"--config", config(), "--sink", "stdout"});
  ASSERT_TRUE(eventually([&] { return relay->out_lines().size() == 3; })) << relay->err();
  execute(
      "BEGIN; ALTER TABLE shop.outboxevent RENAME TO old; CREATE TABLE shop.outboxevent (LIKE shop.old INCLUDING ALL); "
      "GRANT SELECT ON shop.outboxevent TO annals_relay, annals_operator; COMMIT");
  execute(insert_own("a", 4));
  EXPECT_EQ(relay->wait_for_exit(), 5) << relay->err();
  EXPECT_THAT(relay->err(), HasSubstr("shop.outboxevent was replaced by another table"));
  EXPECT_EQ(
      paste(folder_, relay->err(), "annals --config \\S+ relay adopt relay --log shop.outboxevent --position 0 --yes",
            {{"ANNALS_DATABASE", database_.uri("operator")}}),
      0)
      << relay->err();
  const auto again = start({"--config", config(), "--sink", "stdout", "--until-caught-up"});
  ASSERT_EQ(again->wait_for_exit(), 0) << again->err();
  EXPECT_EQ(again->out_lines().size(), 1U);
}

}  // namespace
}  // namespace annals::tests
