#include <thread>

#include "runner_test_base.hpp"
#include "support/end_session.hpp"

namespace annals::tests {
namespace {

class RunnerOwnership : public RunnerTestBase {};

TEST_F(RunnerOwnership, OneOwnsAndTheOthersStandBy) {
  pay("a", 1);
  const auto projection = row_by_row();
  auto standby = runner(projection);
  {
    auto owner = runner(projection);
    run_until_idle(owner);
    EXPECT_EQ(standby.step(1ms).state, State::standby);
    EXPECT_NE(status("rows").owner_pid, 0);
  }
  pay("a", 1);
  run_until_idle(standby);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(RunnerOwnership, EndsWithTheSessionAndTheFormerOwnerCannotWrite) {
  const auto projection = row_by_row();
  auto former = runner(projection);
  auto standby = runner(projection);
  run_until_idle(former);
  pay("a", 1);
  end_session(direct_, status("rows").owner_pid);
  run_until_idle(standby);
  EXPECT_THAT(error_of([&] { former.step(1ms); }).kind(), ErrorKind::disconnected);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(RunnerOwnership, CheckpointMovedByAnotherProgramIsFollowed) {
  const auto projection = row_by_row();
  auto worker = runner(projection);
  pay("a", 1);
  pay("a", 10);
  run_until_idle(worker);
  direct_.execute(
      "BEGIN; UPDATE public.rows SET cents = 1, payments = 1;"
      "UPDATE annals.projections SET position = 1, event_id = (SELECT event_id FROM annals.events WHERE position = 1);"
      "COMMIT");
  pay("a", 100);
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), (Totals{{"a", {111, 3}}}));
}

TEST_F(RunnerOwnership, ManyRunnersAndWritersAtOnceApplyEachEventOnce) {
  const auto projection = row_by_row();
  std::atomic<bool> writing{true};
  std::atomic<int> idle{0};
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 3; ++i) {
      workers.emplace_back([&] {
        while (true) {  // lives of a few steps each, so that the ownership wanders
          auto worker = runner(projection, {.batch_events_max = 5});
          for (int step = 0; step < 10; ++step) {
            const auto report = worker.step(2ms);
            if (!writing && report.state == State::idle) {
              ++idle;
              return;
            }
          }
        }
      });
    }
    std::vector<std::jthread> writers;
    for (int i = 0; i < 3; ++i) {
      writers.emplace_back([&, i] {
        for (int k = 0; k < 100; ++k) pay(fmt::format("c{}", i), k);
      });
    }
    writers.clear();
    writing = false;
  }
  EXPECT_EQ(idle, 3);
  EXPECT_EQ(model("rows"), history());
  EXPECT_EQ(history().size(), 3U);
}

}  // namespace
}  // namespace annals::tests
