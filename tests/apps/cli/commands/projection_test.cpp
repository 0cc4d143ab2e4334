#include "cli_test.hpp"

namespace annals::tests {
namespace {

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

TEST_F(ProjectionCommand, DoctorFailsWhenACheckpointBelongsToAnotherCluster) {
  connect().execute("UPDATE annals.projections SET system_identifier = '4711'");
  const auto finished = annals({"doctor"});
  EXPECT_EQ(finished.code, 5);
  EXPECT_THAT(finished.out, HasSubstr("belongs to cluster 4711"));
}

}  // namespace
}  // namespace annals::tests
