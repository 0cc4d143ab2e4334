#include "runner_test_base.hpp"

namespace annals::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RunnerIdentity : public RunnerTestBase {
 protected:
  /// Applies events, `change`s the database, then expects the next runner to refuse it and a reset to mend it.
  void expect_refused_and_mended(const std::string& change, const std::string& why) {
    pay("a", 1);
    pay("a", 2);
    const auto projection = row_by_row();
    {
      auto worker = runner(projection);
      run_until_idle(worker);
    }
    direct_.execute(change);
    auto worker = runner(projection);
    const auto error = error_of([&] { run_until_idle(worker); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(why), HasSubstr("annals projection reset rows --projection-version 1 --yes")));
    EXPECT_TRUE(projections::reset_projection(direct_, "annals", "rows", 1));
    run_until_idle(worker);
    EXPECT_EQ(model("rows"), history());
  }
};

TEST_F(RunnerIdentity, RefusesTheCheckpointOfAnotherCluster) {
  expect_refused_and_mended("UPDATE annals.projections SET system_identifier = '1'", "was made in cluster 1");
}

TEST_F(RunnerIdentity, RefusesALogThatHoldsAnotherEventThere) {
  expect_refused_and_mended("UPDATE annals.projections SET event_id = gen_random_uuid()",
                            "but that position holds event");
}

TEST_F(RunnerIdentity, RefusesALogThatEndsBeforeTheCheckpoint) {
  expect_refused_and_mended("UPDATE annals.projections SET position = 1000", "which is not there");
}

TEST_F(RunnerIdentity, RefusesToGoOnWithoutItsRow) {
  const auto projection = row_by_row();
  pay("a", 1);
  auto worker = runner(projection);
  run_until_idle(worker);
  direct_.execute("DELETE FROM annals.projections");
  pay("a", 1);
  for (int i = 0; i < 2; ++i) {  // nor at the next attempt: it would apply everything a second time
    EXPECT_THAT(error_of([&] { run_until_idle(worker); }).what(), HasSubstr("deleted its row"));
  }
  EXPECT_EQ(model("rows"), (Totals{{"a", {1, 1}}}));
}

}  // namespace
}  // namespace annals::tests
