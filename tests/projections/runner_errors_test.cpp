#include "runner_test_base.hpp"
#include "support/end_session.hpp"

namespace annals::tests {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;

class RunnerErrors : public RunnerTestBase {};

TEST_F(RunnerErrors, HandlerThatThrowsMovesNothing) {
  for (int i = 1; i <= 10; ++i) pay("a", i);
  auto projection = row_by_row();
  bool broken = true;
  projection.on_any([&](const RecordedEvent& event) {
    if (broken && event.position == GlobalPosition{7}) throw std::runtime_error{"no"};
  });
  auto worker = runner(projection, {.batch_events_max = 4});
  const auto error = error_of([&] { run_until_idle(worker); });
  EXPECT_EQ(error.kind(), ErrorKind::failed);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("projection \"rows\" version 1"), HasSubstr("position 7"),
                    HasSubstr("stream \"fine-a\" version 7"), HasSubstr("fines.v1.Paid"), HasSubstr(": no")));
  EXPECT_EQ(worker.position(), GlobalPosition{4});
  EXPECT_EQ(model("rows"), (Totals{{"a", {10, 4}}})) << "the events 5 and 6 were rolled back";
  EXPECT_EQ(status("rows").position, GlobalPosition{4});

  EXPECT_EQ(error_of([&] { run_until_idle(worker); }).kind(), ErrorKind::failed) << "it does not skip";
  broken = false;
  run_until_idle(worker);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(RunnerErrors, BatchInMemoryIsForgottenWhenItWasRolledBack) {
  for (int i = 1; i <= 10; ++i) pay("a", i);
  Totals batch;
  auto projection = by_sets(batch);
  bool broken = true;
  projection.flush([&](pqxx::transaction_base& tx) {
    write(batch, "sets", tx);
    if (broken) throw std::runtime_error{"no"};
  });
  auto worker = runner(projection);
  const auto error = error_of([&] { run_until_idle(worker); });
  EXPECT_THAT(error.message(), HasSubstr("flush of the events at positions 1 to 10"));
  EXPECT_EQ(model("sets"), Totals{});
  broken = false;
  run_until_idle(worker);
  EXPECT_EQ(model("sets"), history());
}

/// What a writer stored reaches logs and terminals by the text.
TEST_F(RunnerErrors, TextIsFreeOfControlsThatWereStored) {
  (void)store_.append(StreamName{"s-\x1b[31m"}, ExpectedVersion::any(), {{.type = "t\x1b[2J", .data = "{}"}});
  projections::Projection projection{"shown"};
  projection.on_any([](const RecordedEvent&) { throw std::runtime_error{"no"}; });
  auto worker = runner(projection);
  const auto error = error_of([&] { run_until_idle(worker); });
  EXPECT_THAT(error.what(), AllOf(HasSubstr("position 1"), HasSubstr("[2J"), Not(HasSubstr("\x1b"))));
}

TEST_F(RunnerErrors, FailedStatementNamesTheEventAndItsSqlstate) {
  pay("a", 1);
  projections::Projection projection{"bad"};
  projection.on<Paid>([](const Paid&, pqxx::transaction_base& tx) { tx.exec("SELECT 1/0"); });
  auto worker = runner(projection);
  const auto error = error_of([&] { run_until_idle(worker); });
  EXPECT_EQ(error.sqlstate(), "22012");
  EXPECT_THAT(error.message(), HasSubstr("position 1"));
}

TEST_F(RunnerErrors, SwallowedSqlErrorStopsAtItsEventAndMovesNothing) {
  pay("a", 1);
  pay("a", 2);
  pay("a", 4);
  auto projection = row_by_row();
  projection.on_any([](const RecordedEvent& event, pqxx::transaction_base& tx) {
    if (event.position != GlobalPosition{2}) return;
    try {
      tx.exec("SELECT 1/0");
    } catch (const std::exception&) {
    }
  });
  auto worker = runner(projection);
  const auto error = error_of([&] { run_until_idle(worker); });
  EXPECT_THAT(error.message(), AllOf(HasSubstr("position 2"), HasSubstr("swallowed")));
  EXPECT_EQ(status("rows").position, GlobalPosition{});
  EXPECT_EQ(model("rows"), Totals{});
}

TEST_F(RunnerErrors, SwallowedSqlErrorInFlushMovesNothing) {
  pay("a", 1);
  auto projection = row_by_row();
  projection.flush([](pqxx::transaction_base& tx) {
    try {
      tx.exec("SELECT 1/0");
    } catch (const std::exception&) {
    }
  });
  auto worker = runner(projection);
  EXPECT_THAT(error_of([&] { run_until_idle(worker); }).message(), HasSubstr("flush"));
  EXPECT_EQ(status("rows").position, GlobalPosition{});
  EXPECT_EQ(model("rows"), Totals{});
}

TEST_F(RunnerErrors, HandledEventThatCannotBeDecodedStopsIt) {
  pay("a", 1);
  (void)store_.append(StreamName{"s"}, ExpectedVersion::any(), {{.type = "fines.v1.Paid", .data = "a:rubbish"}});
  const auto projection = row_by_row();
  auto worker = runner(projection);
  EXPECT_THAT(error_of([&] { run_until_idle(worker); }).message(), HasSubstr("position 2"));
  EXPECT_EQ(model("rows"), Totals{});
}

TEST_F(RunnerErrors, UnhandledTypeIsSkippedUnlessToldOtherwise) {
  const auto position = std::get<eventstore::Appended>(store_.append(StreamName{"s"}, ExpectedVersion::any(),
                                                                     {{.type = "unknown.v1.Thing", .data = "x"}}))
                            .position;
  const auto lenient = row_by_row("lenient");
  auto skips = runner(lenient);
  run_until_idle(skips);
  EXPECT_EQ(skips.position(), position);
  auto strict = row_by_row("strict").unhandled(projections::Unhandled::fail);
  auto fails = runner(strict);
  EXPECT_THAT(error_of([&] { run_until_idle(fails); }).message(), HasSubstr("unknown.v1.Thing"));
}

TEST_F(RunnerErrors, CommitInDoubtIsNotAppliedTwice) {
  pay_at_random(60, 7);
  const auto projection = row_by_row();
  int lives = 0;
  while (true) {
    ASSERT_LT(++lives, 30);
    int commits = 0;
    auto worker = runner(projection, {.batch_events_max = 10, .at_point = [&](std::string_view point) {
                                        if (point == "commit" && ++commits == 2)
                                          end_session(direct_, status("rows").owner_pid);
                                      }});
    try {
      run_until_idle(worker);
      break;
    } catch (const Error& error) {
      EXPECT_THAT(error.kind(), AnyOf(Eq(ErrorKind::in_doubt), Eq(ErrorKind::disconnected))) << error.what();
      EXPECT_THROW(worker.step(0ms), Error) << "it does not reconnect on its own";
    }
  }
  EXPECT_GT(lives, 2);
  EXPECT_EQ(model("rows"), history());
}

/// The session that reads is another than the one that writes.
TEST_F(RunnerErrors, SaysThatTheReadingSessionIsLostAtEveryStep) {
  pay_at_random(60, 9);
  const auto projection = row_by_row();
  auto worker = runner(projection, {.batch_events_max = 10});
  step_until(worker, [](const auto& report) { return report.applied > 0; });
  const auto reader = direct_.query(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
      " AND usename = 'annals_service' AND pid <> $1::int",
      postgres::Params{}.integer(status("rows").owner_pid));
  ASSERT_EQ(reader.rows(), 1);
  end_session(direct_, reader.integer(0, 0));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(error_of([&] { run_until_idle(worker); }).kind(), ErrorKind::disconnected);
  }
  auto next = runner(projection);
  EXPECT_EQ(next.step(0ms).state, State::standby) << "the first one owns it still";
}

TEST_F(RunnerErrors, AnswerLostAfterTheCommitIsNotAppliedTwice) {
  pay_at_random(60, 8);
  const auto projection = row_by_row();
  bool lost = false;
  auto worker = runner(projection, {.batch_events_max = 10, .at_point = [&](std::string_view point) {
                                      if (point == "committed" && (lost = !lost))
                                        throw Error{ErrorKind::in_doubt, "no answer"};
                                    }});
  int errors = 0;
  while (true) {
    try {
      run_until_idle(worker);
      break;
    } catch (const Error&) {
      ASSERT_LT(++errors, 30);
    }
  }
  EXPECT_GT(errors, 2);
  EXPECT_EQ(model("rows"), history());
}

TEST_F(RunnerErrors, MissingSchemaNamesTheRemedy) {
  TempDatabase bare{TempDatabase::Schema::none};
  const auto projection = row_by_row();
  const auto error = error_of([&] { projections::Runner(bare.database(), projection, types_, clock_); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.what(), HasSubstr("annals schema apply"));
}

TEST_F(RunnerErrors, LimitOfZeroIsRefused) {
  const auto projection = row_by_row();
  EXPECT_EQ(error_of([&] { (void)runner(projection, {.batch_events_max = 0}); }).kind(), ErrorKind::invalid);
}

}  // namespace
}  // namespace annals::tests
