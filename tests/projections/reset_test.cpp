#include <future>
#include <thread>

#include "runner_test_base.hpp"

namespace annals::tests {
namespace {

class RunnerReset : public RunnerTestBase {};

TEST_F(RunnerReset, ReplayFromZeroGivesTheSame) {
  pay_at_random(100, 3);
  Totals batch;
  const auto projection = by_sets(batch);
  auto worker = runner(projection, {.batch_events_max = 17});
  run_until_idle(worker);
  const auto before = model("sets");
  worker.reset();
  EXPECT_EQ(model("sets"), Totals{});
  EXPECT_EQ(status("sets").position, GlobalPosition{});
  std::size_t applied = 0;
  step_until(worker, [&](const auto& report) {
    applied += report.applied;
    return report.state == State::idle;
  });
  EXPECT_EQ(applied, 100U + (worker.log_end().value() - 100U)) << "every event once more";
  EXPECT_EQ(model("sets"), before);
  EXPECT_EQ(model("sets"), history());
}

TEST_F(RunnerReset, RequestReachesAnIdleRunner) {
  pay("a", 5);
  const auto projection = row_by_row();
  auto worker = runner(projection);
  run_until_idle(worker);
  direct_.execute("UPDATE public.rows SET cents = 666");
  const auto begin = std::chrono::steady_clock::now();
  std::jthread operator_thread{[&] {
    postgres::Connection connection{database_.database()};
    EXPECT_TRUE(projections::reset_projection(connection, {.name = "rows"}));
  }};
  bool was_reset = false;
  while (!was_reset) was_reset = worker.step(60s).reset;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s) << "it was the slow poll that noticed";
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), history());
  EXPECT_FALSE(status("rows").reset_requested);
}

TEST_F(RunnerReset, RequestReachesTheNextRunner) {
  pay("a", 5);
  const auto projection = row_by_row();
  {
    auto worker = runner(projection);
    run_until_idle(worker);
  }
  direct_.execute("UPDATE public.rows SET cents = 666");
  EXPECT_TRUE(projections::reset_projection(direct_, {.name = "rows"}));
  EXPECT_TRUE(status("rows").reset_requested);
  auto worker = runner(projection);
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(RunnerReset, RequestInTheMiddleOfABatchWaitsForItAndIsServedNext) {
  for (int i = 0; i < 10; ++i) pay("a", 1);
  const auto projection = row_by_row();
  std::future<bool> request;
  auto worker = runner(projection, {.batch_events_max = 5, .at_point = [&](std::string_view point) {
                                      if (point != "locked" || request.valid()) return;
                                      request = std::async(std::launch::async, [&] {
                                        postgres::Connection connection{database_.database()};
                                        return projections::reset_projection(connection, {.name = "rows"});
                                      });
                                      EXPECT_EQ(request.wait_for(50ms), std::future_status::timeout);
                                    }});
  worker.step(0ms);
  EXPECT_EQ(worker.step(0ms).applied, 5U);
  EXPECT_TRUE(request.get());
  step_until(worker, [](const auto& report) { return report.reset; });
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(RunnerReset, AnyRunnerMayAskAndTheOwnerReplays) {
  pay_at_random(50, 5);
  const auto projection = row_by_row();
  auto owner = runner(projection, {.batch_events_max = 10});
  auto standby = runner(projection);
  run_until_idle(owner);
  standby.reset();
  run_until_idle(owner);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(RunnerReset, WithoutAHookItIsRefused) {
  pay("a", 1);
  int applied = 0;
  projections::Projection projection{"hookless"};
  projection.on<Paid>([&](const Paid&) { ++applied; });
  auto worker = runner(projection);
  run_until_idle(worker);
  EXPECT_EQ(error_of([&] { worker.reset(); }).kind(), ErrorKind::invalid);
  EXPECT_TRUE(projections::reset_projection(direct_, {.name = "hookless"}));
  EXPECT_EQ(error_of([&] { run_until_idle(worker); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(applied, 1);
}

/// Who sleeps must be heard of within a minute, and a large read model is not emptied in one.
TEST_F(RunnerReset, SleepsNoLongerWhileTheHookRuns) {
  const auto sleepers = [&] {
    return direct_
        .query(
            "SELECT count(*) FROM pg_locks, hashtextextended('annals:bell:annals.events' COLLATE \"C\", 0) AS key"
            " WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock' AND objsubid = 1"
            "   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            "   AND classid = ((key >> 32) & 4294967295)::oid AND objid = (key & 4294967295)::oid")
        .bigint(0, 0);
  };
  std::vector<std::int64_t> seen;
  projections::Projection projection{"slow"};
  projection.reset([&](pqxx::transaction_base&) {
    for (int i = 0; i < 500 && sleepers() > 0; ++i) std::this_thread::sleep_for(10ms);  // the server has been told
    seen.push_back(sleepers());
  });
  auto worker = runner(projection);
  const auto fall_asleep = [&] { step_until(worker, [&](const auto&) { return sleepers() == 1; }); };
  fall_asleep();
  worker.reset();
  fall_asleep();
  direct_.execute("UPDATE annals.projections SET reset_requested = true");  // by whom rings nobody
  step_until(worker, [](const auto& report) { return report.reset; });
  EXPECT_THAT(seen, testing::ElementsAre(0, 0));
}

TEST_F(RunnerReset, UnknownProjectionIsNotThere) {
  EXPECT_FALSE(projections::reset_projection(direct_, {.name = "nobody"}));
}

}  // namespace
}  // namespace annals::tests
