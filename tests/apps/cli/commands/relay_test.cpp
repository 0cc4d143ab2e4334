#include "annals/outbox/status.hpp"

#include "annals/postgres/ownership.hpp"
#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::HasSubstr;

class RelayCommand : public CliTest {
 protected:
  RelayCommand() {
    connect().execute(
        "INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) "
        "SELECT gen_random_uuid(), 1, 'orders', 'T', '1' FROM generate_series(1, 10)");
  }
};

TEST_F(RelayCommand, ShowsTheOutbox) {
  EXPECT_THAT(output({"-o", "json", "outbox", "status"}), HasSubstr("{\"last_position\":10,"));
  EXPECT_THAT(output({"outbox", "status"}), HasSubstr("last position"));
}

TEST_F(RelayCommand, ShowsNobodyBeforeTheFirstRelay) {
  const auto finished = annals({"-o", "json", "relay", "status"});
  EXPECT_EQ(finished.out, "[]\n");
  EXPECT_THAT(finished.err, HasSubstr("no relay has published"));
}

TEST_F(RelayCommand, AdoptsACheckpointWhenToldTwice) {
  const auto asked = annals({"relay", "adopt", "shop", "--position", "4"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("--yes"));
  EXPECT_EQ(number("SELECT count(*) FROM annals.relay_checkpoints"), 0);

  EXPECT_THAT(output({"-o", "json", "relay", "adopt", "shop", "--position", "4", "--yes"}),
              HasSubstr(R"("relay":"shop","log":"outbox","position":4,"lag":6,)"));
  EXPECT_THAT(output({"-o", "json", "relay", "status"}), HasSubstr(R"("position":4,"lag":6)"));
  EXPECT_THAT(output({"relay", "status"}), HasSubstr("shop"));
  const auto doctor = annals({"doctor"});
  EXPECT_EQ(doctor.code, 0);
  EXPECT_THAT(doctor.out, HasSubstr("nobody runs it; 6 messages wait"));
}

TEST_F(RelayCommand, RefusesToAdoptNothingOrTheFuture) {
  EXPECT_EQ(annals({"relay", "adopt", "shop", "--yes"}).code, 2);
  EXPECT_EQ(annals({"relay", "adopt", "shop", "--position", "11", "--yes"}).code, 2);
}

TEST_F(RelayCommand, SkipsExactlyTheMessageThatIsNamed) {
  EXPECT_EQ(annals({"relay", "adopt", "shop", "--position", "0", "--yes"}).code, 0);
  const auto id = connect().query("SELECT message_id::text FROM annals.outbox WHERE position = 3").text(0, 0);
  const auto other = annals({"relay", "skip", "shop", "--position", "4", "--id", id});
  EXPECT_EQ(other.code, 2) << other.err;
  EXPECT_EQ(number("SELECT count(*) FROM annals.relay_skips"), 0);
  const auto skipped = annals(
      {"relay", "skip", "shop", "--log", "outbox", "--position", "3", "--id", id, "--reason", "the topic is gone"});
  EXPECT_EQ(skipped.code, 0) << skipped.err;
  EXPECT_EQ(connect()
                .query("SELECT relay || ' ' || position || ' ' || decided_by || ' ' || reason FROM annals.relay_skips")
                .text(0, 0),
            "shop 3 " + std::string{"annals_operator"} + " the topic is gone");
}

}  // namespace
}  // namespace annals::tests
