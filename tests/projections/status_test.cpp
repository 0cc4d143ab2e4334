#include "annals/projections/status.hpp"

#include <thread>

#include "annals/postgres/ownership.hpp"
#include "annals/testing/manual_clock.hpp"
#include "runner_test_base.hpp"

namespace annals::tests {
namespace {

class ProjectionStatusTest : public RunnerTestBase {};

TEST_F(ProjectionStatusTest, TellsPositionLagAndOwner) {
  EXPECT_TRUE(projections::list_projections(direct_, "annals").empty());
  const auto projection = row_by_row();
  pay("a", 1);
  {
    auto worker = runner(projection);
    run_until_idle(worker);
    const auto now = status("rows");
    EXPECT_EQ(now.version, 1);
    EXPECT_EQ(now.position, GlobalPosition{1});
    EXPECT_EQ(now.lag_events, 0);
    EXPECT_FALSE(now.reset_requested);
    EXPECT_NE(now.owner_pid, 0);
    EXPECT_TRUE(now.event_id.has_value());
    EXPECT_LT(clock_.now() - now.updated_at, 1min);
  }
  pay("a", 1);
  pay("a", 1);
  EXPECT_EQ(status("rows").lag_events, 2);
  EXPECT_EQ(status("rows").owner_pid, 0);
}

/// A prepared transaction holds the runner's lock: it has no process.
TEST_F(ProjectionStatusTest, OwnerWithoutAProcessIsNobodysAbort) {
  const auto projection = row_by_row();
  {
    auto worker = runner(projection);
    run_until_idle(worker);
  }
  const auto key = postgres::ownership_key(postgres::ownership_name({"projection", "annals", "rows", "1"}));
  direct_.execute(fmt::format("BEGIN; SELECT pg_advisory_xact_lock({}); PREPARE TRANSACTION '{}'", key, key));
  EXPECT_EQ(status("rows").owner_pid, 0);
  auto worker = runner(projection);
  EXPECT_EQ(worker.step(1ms).state, State::standby);
  const auto error = error_of([&] { (void)projections::adopt_projection(direct_, {.projection = {.name = "rows"}}); });
  EXPECT_THAT(error.what(), ::testing::HasSubstr("a prepared transaction holds its lock"));
  direct_.execute(fmt::format("ROLLBACK PREPARED '{}'", key));
  run_until_idle(worker);
}

TEST_F(ProjectionStatusTest, EstimatesAGreatLag) {
  const auto projection = row_by_row();
  {
    auto worker = runner(projection);
    run_until_idle(worker);
  }
  std::vector<NewEvent> events(6'000, paid("a", 1));
  for (auto& event : events) event.id = EventId::generate();
  (void)store_.append(StreamName{"s"}, ExpectedVersion::any(), events);
  for (auto& event : events) event.id = EventId::generate();
  (void)store_.append(StreamName{"s"}, ExpectedVersion::any(), events);
  EXPECT_EQ(status("rows").lag_events, 12'000);
}

TEST_F(ProjectionStatusTest, TellsABadSchemaNameFromMissingTables) {
  EXPECT_EQ(error_of([&] { (void)projections::list_projections(direct_, "a; DROP"); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(error_of([&] { (void)projections::list_projections(direct_, "elsewhere"); }).kind(), ErrorKind::not_ready);
}

TEST_F(ProjectionStatusTest, PositionIsReadInTheReadersTransaction) {
  const auto projection = row_by_row();
  const auto connection = postgres::open_pqxx(database_.database());
  {
    pqxx::work tx{*connection};
    EXPECT_EQ(projections::projection_position(tx, {.name = "rows"}), std::nullopt);
  }
  const auto position = pay("a", 1);
  auto worker = runner(projection);
  run_until_idle(worker);
  pqxx::work tx{*connection};
  EXPECT_EQ(projections::projection_position(tx, {.name = "rows"}), position);
}

TEST_F(ProjectionStatusTest, WaitsForOnesOwnWrites) {
  const auto projection = row_by_row();
  auto worker = runner(projection);
  run_until_idle(worker);
  const auto position = pay("a", 1);
  annals::testing::ManualClock manual;
  EXPECT_FALSE(projections::wait_for_projection(direct_, {.name = "rows"}, position, 500ms, manual));
  EXPECT_EQ(manual.elapsed(), 500ms);
  std::jthread behind{[&] {
    while (!worker.caught_up_to(position)) worker.step(20ms);
  }};
  EXPECT_TRUE(projections::wait_for_projection(direct_, {.name = "rows"}, position, 30s, clock_));
  EXPECT_EQ(model("rows"), history());
}

}  // namespace
}  // namespace annals::tests
