#include <gmock/gmock.h>

#include "runner_test_base.hpp"

namespace annals::tests {
namespace {

using projections::adopt_projection;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ProjectionAdoption : public RunnerTestBase {
 protected:
  /// Two payments, and a runner of `rows_` that has applied them and is gone.
  ProjectionAdoption() {
    pay("a", 1);
    pay("a", 2);
    auto worker = runner(rows_);
    run_until_idle(worker);
  }
  std::optional<projections::ProjectionStatus> adopt(std::optional<std::int64_t> position = std::nullopt,
                                                     const std::string& name = "rows") {
    return adopt_projection(direct_, {.projection = {.name = name}, .position = position, .settle_timeout = 50ms});
  }
  void move_to_another_cluster() { direct_.execute("UPDATE annals.projections SET system_identifier = '1'"); }

  projections::Projection rows_ = row_by_row();
};

TEST_F(ProjectionAdoption, LetsTheVeryRunnerThatRefusedGoOn) {
  move_to_another_cluster();
  pay("b", 4);
  auto worker = runner(rows_);
  EXPECT_EQ(error_of([&] { run_until_idle(worker); }).kind(), ErrorKind::corrupt);
  const auto adopted = adopt();
  ASSERT_TRUE(adopted.has_value());
  EXPECT_EQ(adopted->position, GlobalPosition{2});
  EXPECT_EQ(adopted->lag_events, 1);
  EXPECT_EQ(adopted->owner_pid, 0);
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(ProjectionAdoption, IsRefusedWhileARunnerWorks) {
  auto worker = runner(rows_);
  run_until_idle(worker);
  const auto error = error_of([&] { (void)adopt(1); });
  EXPECT_EQ(error.kind(), ErrorKind::overloaded);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("projection \"rows\" version 1 is running: backend "), HasSubstr("stop it")));
  EXPECT_EQ(status("rows").position, GlobalPosition{2});
}

/// The log went back, the read model did not.
TEST_F(ProjectionAdoption, OfAReadModelAheadOfTheLogNeedsAPosition) {
  move_to_another_cluster();
  direct_.execute("UPDATE annals.projections SET position = 1000, event_id = gen_random_uuid()");
  const auto error = error_of([&] { (void)adopt(); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("at position 1000, beyond the log, which ends at 2"),
                    HasSubstr("annals projection reset rows --projection-version 1 --yes"), HasSubstr("--position")));
  EXPECT_EQ(status("rows").position, GlobalPosition{1000});
  direct_.execute("UPDATE public.rows SET cents = 1, payments = 1");  // set back to the first event
  EXPECT_EQ(adopt(1)->position, GlobalPosition{1});
  auto worker = runner(rows_);
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(ProjectionAdoption, OfAReadModelOfAnotherHistoryNeedsAPosition) {
  direct_.execute("UPDATE annals.projections SET event_id = gen_random_uuid()");
  const auto error = error_of([&] { (void)adopt(); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_THAT(error.what(), HasSubstr("at position 2, where this log holds event "));
}

TEST_F(ProjectionAdoption, OfAPositionOutsideTheLogIsRefused) {
  for (const std::int64_t position : {-1, 3}) {
    const auto error = error_of([&] { (void)adopt(position); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_THAT(error.what(), HasSubstr("outside the log, which ends at 2"));
  }
}

TEST_F(ProjectionAdoption, LandsOnTheLastEventAtOrBelow) {
  {
    const auto connection = postgres::open_pqxx(database_.database());
    pqxx::work gone{*connection};
    (void)store_.append(gone, StreamName{"gone"}, ExpectedVersion::any(), {paid("g", 1)});
  }
  pay("a", 4);  // at 4
  EXPECT_EQ(adopt(3)->position, GlobalPosition{2});
  EXPECT_EQ(adopt(0)->position, GlobalPosition{});
  EXPECT_EQ(adopt(4)->position, GlobalPosition{4});
  auto worker = runner(rows_);
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), (Totals{{"a", {3, 2}}})) << "what the operator says it holds is not applied again";
}

/// It would be passed over: the runner goes on above it.
TEST_F(ProjectionAdoption, WaitsForWhoMayStillWriteBelowThePosition) {
  const auto connection = postgres::open_pqxx(database_.database());
  pqxx::work late{*connection};
  (void)store_.append(late, StreamName{"late"}, ExpectedVersion::any(), {paid("l", 1)});
  pay("a", 4);
  const auto error = error_of([&] { (void)adopt(4); });
  EXPECT_EQ(error.kind(), ErrorKind::overloaded);
  EXPECT_THAT(error.what(), HasSubstr(fmt::format("pid {}", postgres::backend_pid(late))));
  EXPECT_EQ(status("rows").position, GlobalPosition{2});
  EXPECT_EQ(adopt(0)->position, GlobalPosition{}) << "nothing is passed over";
  late.commit();
  EXPECT_EQ(adopt(4)->position, GlobalPosition{4});
}

TEST_F(ProjectionAdoption, KeepsARequestedReset) {
  move_to_another_cluster();
  EXPECT_TRUE(projections::reset_projection(direct_, {.name = "rows"}));
  EXPECT_TRUE(adopt()->reset_requested);
}

TEST_F(ProjectionAdoption, OfAnUnknownProjectionIsNothing) { EXPECT_FALSE(adopt(std::nullopt, "nobody").has_value()); }

}  // namespace
}  // namespace annals::tests
