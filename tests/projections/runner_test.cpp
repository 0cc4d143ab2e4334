#include <thread>

#include "runner_test_base.hpp"
#include "support/planted_functions.hpp"

namespace annals::tests {
namespace {

class RunnerTest : public RunnerTestBase {};

TEST_F(RunnerTest, ReadModelIsTheFoldOfHistory) {
  pay_at_random(500, 42);
  Totals batch;
  const auto rows = row_by_row();
  const auto sets = by_sets(batch);
  for (const auto* projection : {&rows, &sets}) {
    auto worker = runner(*projection, {.batch_events_max = 37});
    const auto report = run_until_idle(worker);
    EXPECT_EQ(report.position, worker.log_end());
    EXPECT_EQ(model(projection->name()), history()) << projection->name();
  }
  EXPECT_EQ(history().size(), 20U);
}

TEST_F(RunnerTest, FoldComparisonSeesAMissingAndADoubledEvent) {
  pay("a", 5);
  auto totals = history();
  EXPECT_EQ(totals, (Totals{{"a", {5, 1}}}));
  totals["a"].second = 2;
  EXPECT_NE(totals, history());
  EXPECT_NE(Totals{}, history());
}

TEST_F(RunnerTest, GoesOnWhereItsPredecessorStopped) {
  const auto projection = row_by_row();
  pay("a", 1);
  {
    auto first = runner(projection);
    run_until_idle(first);
  }
  pay("a", 2);
  auto second = runner(projection);
  run_until_idle(second);
  EXPECT_EQ(model("rows"), (Totals{{"a", {3, 2}}}));
}

TEST_F(RunnerTest, FollowsWithoutPolling) {
  const auto projection = row_by_row();
  auto worker = runner(projection);
  run_until_idle(worker);
  for (int i = 0; i < 10; ++i) {
    GlobalPosition position;
    const auto begin = std::chrono::steady_clock::now();
    std::jthread writer{[&] { position = pay("a", 1); }};
    while (model("rows").size() != 1 || model("rows")["a"].second != i + 1) worker.step(60s);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s) << "it came by the slow poll, not by the bell";
    writer.join();
    EXPECT_TRUE(worker.caught_up_to(position));
  }
}

/// A trickle is applied by handfuls: a transaction an event would rewrite the checkpoint's row a thousand times a second.
TEST_F(RunnerTest, LetsATrickleGather) {
  const auto projection = row_by_row();
  auto worker = runner(projection, {.gather = 200ms});
  run_until_idle(worker);
  const auto begin = std::chrono::steady_clock::now();
  std::jthread writer{[&] {
    for (int i = 0; i < 200; ++i) pay("a", 1);
  }};
  std::int64_t applied = 0;
  std::int64_t transactions = 0;
  while (applied < 200) {
    const auto report = worker.step(1s);
    applied += static_cast<std::int64_t>(report.applied);
    transactions += report.applied > 0 ? 1 : 0;
  }
  const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  EXPECT_LE(transactions, 3 + lasted / 100ms) << "in " << lasted.count() << " ms";
  EXPECT_EQ(model("rows"), (Totals{{"a", {200, 200}}}));
}

TEST_F(RunnerTest, CallsNoFunctionThatSomebodyPlanted) {
  plant_functions(database_.superuser());
  for (const auto* path : {"public", "public, pg_catalog"}) {  // the second lets twins of pg_catalog's functions win
    pay("a", 1);
    auto database = database_.database();
    database.search_path = path;
    projections::Projection projection{"planted"};
    projection.setup([](auto& tx) { tx.exec("CREATE TABLE IF NOT EXISTS planted (cents bigint)"); });
    projection.reset([](auto& tx) { tx.exec("TRUNCATE planted"); });
    projection.on<Paid>([](const Paid& paid, pqxx::transaction_base& tx) {  // the service's own path
      postgres::exec_params(tx, "INSERT INTO planted VALUES ($1::bigint)", postgres::PqxxParams{}.integer(paid.cents));
    });
    projections::Runner worker{database, projection, types_, clock_};
    run_until_idle(worker);
    worker.reset();
    run_until_idle(worker);
    EXPECT_EQ(direct_.query("SELECT count(*) FROM public.planted").bigint(0, 0), worker.position().value());
  }
}

TEST_F(RunnerTest, SkipsNoEventThatCommitsLate) {
  std::string order;
  projections::Projection projection{"late"};
  projection.on<Paid>([&](const Paid& paid) { order += paid.customer; });
  auto worker = runner(projection);
  run_until_idle(worker);

  const auto connection = postgres::open_pqxx(database_.database());
  pqxx::work late{*connection};
  (void)store_.append(late, StreamName{"late"}, ExpectedVersion::any(), {paid("l", 1)});
  pay("e", 1);
  const auto blocked = step_until(worker, [](const auto& report) { return !report.blockers.empty(); });
  EXPECT_EQ(order, "");
  ASSERT_EQ(blocked.blockers.size(), 1U);
  EXPECT_EQ(blocked.blockers[0].pid, postgres::backend_pid(late));
  late.commit();
  run_until_idle(worker);
  EXPECT_EQ(order, "le");
}

TEST_F(RunnerTest, RolledBackEventsLeaveNoTrace) {
  const auto projection = row_by_row();
  {
    const auto connection = postgres::open_pqxx(database_.database());
    pqxx::work gone{*connection};
    (void)store_.append(gone, StreamName{"gone"}, ExpectedVersion::any(), {paid("g", 1)});
  }
  const auto position = pay("a", 1);
  auto worker = runner(projection);
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), (Totals{{"a", {1, 1}}}));
  EXPECT_EQ(worker.position(), position);
}

TEST_F(RunnerTest, HandlersSeeTheEnvelope) {
  std::vector<std::string> seen;
  projections::Projection projection{"envelopes"};
  projection.on_type("other.v1.Json", [&](const RecordedEvent& event) {
    seen.push_back(
        fmt::format("{} {}@{} {}", event.position.value(), event.stream.str(), event.version.value(), event.data));
  });
  projection.on_any([&](const RecordedEvent& event) { seen.push_back(event.type); });
  (void)store_.append(StreamName{"s-1"}, ExpectedVersion::no_stream(),
                      {{.type = "other.v1.Json", .data = "{}", .content_type = ContentType::json}});
  auto worker = runner(projection);
  run_until_idle(worker);
  EXPECT_THAT(seen, ::testing::ElementsAre("1 s-1@1 {}", "other.v1.Json"));
}

TEST_F(RunnerTest, VersionsAreReadModelsOfTheirOwn) {
  pay("a", 1);
  int first = 0;
  int second = 0;
  projections::Projection one{"same", 1};
  one.on<Paid>([&](const Paid&) { ++first; });
  projections::Projection two{"same", 2};
  two.on<Paid>([&](const Paid&) { ++second; });
  auto old_worker = runner(one);
  run_until_idle(old_worker);
  pay("a", 1);
  auto new_worker = runner(two);
  run_until_idle(new_worker);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

}  // namespace
}  // namespace annals::tests
