#include "annals/postgres/ownership.hpp"
#include "cli_test.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ProjectionCommand : public CliTest {
 protected:
  ProjectionCommand() {
    (void)output({"events", "import", "-"}, R"({"stream":"a","type":"T","data":1})"
                                            "\n"
                                            R"({"stream":"a","type":"T","data":2})"
                                            "\n");
    connect().execute(
        "INSERT INTO annals.projections (name, version, position, event_id, system_identifier) "
        "SELECT 'totals', 2, 1, event_id, (SELECT system_identifier::text FROM pg_control_system()) "
        "FROM annals.events WHERE position = 1");
  }
};

TEST_F(ProjectionCommand, ListsWithLagAndOwner) {
  EXPECT_THAT(output({"-o", "json", "projection", "list"}),
              HasSubstr(R"({"projection":"totals","version":2,"position":1,"lag":1,"owner_pid":null,)"));
  EXPECT_THAT(output({"projection", "list"}), HasSubstr("totals"));
  EXPECT_THAT(output({"doctor"}), HasSubstr("\"totals\" version 2: nobody runs it; 1 events wait"));
}

TEST_F(ProjectionCommand, ResetsWhenToldTwice) {
  const std::string requested = "SELECT count(*) FROM annals.projections WHERE reset_requested";
  EXPECT_EQ(annals({"projection", "reset", "totals", "--projection-version", "2"}).code, 2);
  EXPECT_EQ(number(requested), 0);
  EXPECT_EQ(annals({"projection", "reset", "totals", "--yes"}).code, 6);  // version 1
  EXPECT_EQ(number(requested), 0);
  EXPECT_THAT(output({"-o", "json", "projection", "reset", "totals", "--projection-version", "2", "--yes"}),
              HasSubstr(R"({"projection":"totals","version":2,"reset_requested":true})"));
  EXPECT_EQ(number(requested), 1);
}

TEST_F(ProjectionCommand, WaitsForWhatIsThereAndForNobodyThatIsNot) {
  EXPECT_EQ(annals({"projection", "wait", "totals"}).code, 6) << "version 1";
  const auto forgotten = annals({"projection", "wait", "totals", "--projection-version", "2", "--ownerless-max", "0"});
  EXPECT_EQ(forgotten.code, 3);
  EXPECT_THAT(forgotten.err, HasSubstr("nobody runs projection \"totals\" version 2\nhint: start the service"));
  connect().execute(
      "UPDATE annals.projections SET position = 2, event_id = (SELECT event_id FROM annals.events WHERE position = 2)");
  EXPECT_THAT(output({"-o", "json", "projection", "wait", "totals", "--projection-version", "2"}),
              HasSubstr(R"({"projection":"totals","version":2,"position":2,"lag":0,"duration_ms":)"));
}

TEST_F(ProjectionCommand, DoctorFailsWhenACheckpointBelongsToAnotherCluster) {
  connect().execute("UPDATE annals.projections SET system_identifier = '4711'");
  const auto finished = annals({"doctor"});
  EXPECT_EQ(finished.code, 5);
  EXPECT_THAT(finished.out, HasSubstr("belongs to cluster 4711"));
}

/// Whoever may connect may take the lock, and then every runner stands by.
TEST_F(ProjectionCommand, DoctorNamesAnOwnerThatDoesNotMoveIt) {
  auto stranger = connect();
  const auto key = postgres::ownership_key(postgres::ownership_name({"projection", "annals", "totals", "2"}));
  (void)stranger.query("SELECT pg_advisory_lock($1::bigint)", postgres::Params{}.bigint(key));
  EXPECT_THAT(output({"doctor"}), HasSubstr("\"totals\" version 2: 1 events wait; owner pid")) << "not for long yet";
  connect().execute(
      "UPDATE annals.projections SET position = 2, event_id = (SELECT event_id FROM annals.events WHERE position = 2),"
      "                              updated_at = now() - interval '3 minutes';"
      "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data, recorded_at)"
      " SELECT stream_id, 3, gen_random_uuid(), 2, 'T', '{}', now() - interval '2 minutes' FROM annals.streams;"
      "UPDATE annals.streams SET version = 3");
  const auto pid = std::to_string(stranger.backend_pid());
  EXPECT_THAT(output({"doctor"}),
              AllOf(HasSubstr("1 events wait, and pid " + pid + ", which owns it, has not moved it for 2 min"),
                    HasSubstr("SELECT pg_terminate_backend(" + pid + ")")));
}

TEST_F(ProjectionCommand, AdoptsACheckpointWhenToldTwice) {
  connect().execute("UPDATE annals.projections SET system_identifier = '1'");
  const auto doctor = annals({"doctor"});
  EXPECT_EQ(doctor.code, 5);
  EXPECT_THAT(doctor.out, HasSubstr("annals projection adopt totals --projection-version 2 --yes"));
  const std::string adopted = "SELECT count(*) FROM annals.projections WHERE system_identifier <> '1'";
  const auto asked = annals({"projection", "adopt", "totals", "--projection-version", "2"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, AllOf(HasSubstr("holds every event up to its position"), HasSubstr("--yes")));
  EXPECT_EQ(annals({"projection", "adopt", "totals", "--yes"}).code, 6) << "version 1";
  EXPECT_EQ(number(adopted), 0);

  const auto done = annals({"-o", "json", "projection", "adopt", "totals", "--projection-version", "2", "--yes"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr(R"("projection":"totals","version":2,"position":1,"lag":1,"owner_pid":null,)"));
  EXPECT_THAT(done.err, HasSubstr("goes on after position 1"));
  EXPECT_EQ(number(adopted), 1);
  EXPECT_EQ(annals({"doctor"}).code, 0);
}

TEST_F(ProjectionCommand, AdoptsAPositionThatIsNamedAndNoneOutsideTheLog) {
  const auto adopt = [&](const std::string& position) {
    return annals({"projection", "adopt", "totals", "--projection-version", "2", "--position", position, "--yes"});
  };
  EXPECT_EQ(adopt("3").code, 2);
  EXPECT_EQ(adopt("-1").code, 2);
  EXPECT_EQ(adopt("2").code, 0);
  EXPECT_EQ(number("SELECT position FROM annals.projections"), 2);
}

TEST_F(ProjectionCommand, DoesNotAdoptFromARunningRunner) {
  auto connection = connect();
  postgres::Ownership running{connection, postgres::ownership_name({"projection", "annals", "totals", "2"})};
  ASSERT_TRUE(running.try_acquire());
  const auto refused = annals({"projection", "adopt", "totals", "--projection-version", "2", "--yes"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("is running: backend"), HasSubstr("stop it first")));
}

}  // namespace
}  // namespace annals::tests
