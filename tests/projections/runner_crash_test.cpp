// A runner is killed with SIGKILL at each of its named points, again and again; the read model is the fold of history
// at every moment and at the end.
#include "run_victim.hpp"
#include "runner_test_base.hpp"

namespace annals::tests {
namespace {

class RunnerCrash : public RunnerTestBase, public ::testing::WithParamInterface<const char*> {
 protected:
  /// The fold of history up to the checkpoint.
  Totals history_at_checkpoint() {
    Totals totals;
    const auto end = status("sets").position;
    store_.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
      if (event.position <= end) add(totals, types_.decode<Paid>(event));
      return event.position < end;
    });
    return totals;
  }
};

TEST_P(RunnerCrash, ReadModelStaysTheFoldOfHistory) {
  pay_at_random(100, 11);
  int crashes = 0;
  // Each life gets one occurrence further than the one before.
  for (int life = 1; run_victim("runner", database_.uri("service"), GetParam(), life); ++life) {
    ++crashes;
    EXPECT_EQ(model("sets"), history_at_checkpoint());
    pay_at_random(20, static_cast<unsigned>(life));
    ASSERT_LT(life, 40);
  }
  EXPECT_GE(crashes, 5);
  EXPECT_EQ(model("sets"), history());
  EXPECT_EQ(status("sets").lag_events, 0);
}

INSTANTIATE_TEST_SUITE_P(Points, RunnerCrash,
                         ::testing::Values("read", "locked", "applied", "flushed", "commit", "committed"),
                         [](const auto& point) { return std::string{point.param}; });

}  // namespace
}  // namespace annals::tests
