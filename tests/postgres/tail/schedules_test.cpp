// Written schedules: each is run against our reader, which must pass all of them, and against the wrong readers, each of
// which must fail the schedule that shows its fault. A schedule that no wrong reader fails still holds a promise of ours.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <tuple>

#include "schedule.hpp"

using annals::tests::LogKind;
using annals::tests::ReaderKind;
using annals::tests::Schedule;
using annals::tests::Verdict;

namespace {

/// A lower position commits after a higher one.
Verdict late_commit(Schedule& s) {
  return s.begin_append("t1", "a", 1).begin_append("t2", "b", 1).commit("t2").read().commit("t1").read().finish();
}

/// The higher position belongs to the older transaction id: the horizon lets it through.
Verdict older_xid_draws_later(Schedule& s) {
  s.run("t1", "BEGIN").run("t1", "INSERT INTO public.other VALUES (1)");
  return s.begin_append("t2", "a", 1).append("t1", "b", 1).commit("t1").read().commit("t2").read().finish();
}

/// The transaction that got its id first appends to the stream second.
Verdict older_xid_appends_second(Schedule& s) {
  s.run("low", "BEGIN").run("low", "INSERT INTO public.other VALUES (1)");
  s.begin_append("high", "a", 1).commit("high");
  return s.append("low", "a", 2).commit("low").read().finish();
}

Verdict rollback_leaves_a_hole(Schedule& s) {
  return s.begin_append("t1", "a", 1).begin_append("t2", "b", 1).commit("t2").read().rollback("t1").read().finish();
}

Verdict savepoint_rolled_back(Schedule& s) {
  s.begin_append("t1", "a", 1).run("t1", "SAVEPOINT p").append("t1", "a", 2).run("t1", "ROLLBACK TO p");
  s.append("t1", "a", 2).begin_append("t2", "b", 1).commit("t2").read();
  return s.commit("t1").read().finish();
}

/// The only insert is inside a savepoint that is released: the lock must pass to the parent.
Verdict savepoint_released(Schedule& s) {
  s.run("t1", "BEGIN; SAVEPOINT p").append("t1", "a", 1).run("t1", "RELEASE p");
  return s.begin_append("t2", "b", 1).commit("t2").read().commit("t1").read().finish();
}

Verdict prepared_before_the_read(Schedule& s) {
  s.begin_append("t1", "a", 1).run("t1", "PREPARE TRANSACTION 'p1'").begin_append("t2", "b", 1).commit("t2").read();
  return s.run("t1", "COMMIT PREPARED 'p1'").read().finish();
}

/// The transaction that was waited for becomes a prepared one: its virtual transaction is gone, its lock is not.
Verdict prepared_while_waited_for(Schedule& s) {
  s.begin_append("t1", "a", 1).begin_append("t2", "b", 1).commit("t2").read();
  s.run("t1", "PREPARE TRANSACTION 'p2'").read().read();
  return s.run("t1", "COMMIT PREPARED 'p2'").read().finish();
}

Verdict sequence_jump(Schedule& s) { return s.append("t1", "a", 1).jump_to(34).append("t1", "a", 2).read().finish(); }

Verdict many_rows_in_one_late_commit(Schedule& s) {
  s.run("t1", "BEGIN");
  for (int version = 1; version <= 50; ++version) {
    s.append("t1", "a", version).append("t2", "b", version);
    if (version % 10 == 0) s.read();
  }
  return s.commit("t1").read().finish();
}

Verdict repeatable_read_writers(Schedule& s) {
  s.run("t1", "BEGIN ISOLATION LEVEL REPEATABLE READ").run("t1", "SELECT 1").append("t2", "b", 1);
  return s.append("t1", "a", 1).append("t2", "b", 2).read().commit("t1").read().finish();
}

using Run = Verdict (*)(Schedule&);
struct Case {
  const char* name;
  Run run;
};

void PrintTo(const Case& written, std::ostream* out) { *out << written.name; }

constexpr Case cases[] = {
    {"LateCommit", late_commit},
    {"OlderXidDrawsLater", older_xid_draws_later},
    {"OlderXidAppendsSecond", older_xid_appends_second},
    {"RollbackLeavesAHole", rollback_leaves_a_hole},
    {"SavepointRolledBack", savepoint_rolled_back},
    {"SavepointReleased", savepoint_released},
    {"PreparedBeforeTheRead", prepared_before_the_read},
    {"PreparedWhileWaitedFor", prepared_while_waited_for},
    {"SequenceJump", sequence_jump},
    {"ManyRowsInOneLateCommit", many_rows_in_one_late_commit},
    {"RepeatableReadWriters", repeatable_read_writers},
};

class OrderedTailSchedule : public testing::TestWithParam<std::tuple<LogKind, Case>> {};

Verdict verdict_on(ReaderKind kind, Run run, LogKind log = LogKind::plain) {
  Schedule schedule{kind, log};
  return run(schedule);
}

}  // namespace

TEST_P(OrderedTailSchedule, DeliversEveryCommittedRowOnceInOrder) {
  const auto& [log, written] = GetParam();
  const auto verdict = verdict_on(ReaderKind::ordered_tail, written.run, log);
  EXPECT_EQ(verdict.lost, 0U);
  EXPECT_EQ(verdict.invented, 0U);
  EXPECT_EQ(verdict.duplicated, 0U);
  EXPECT_EQ(verdict.inverted, 0U);
}

INSTANTIATE_TEST_SUITE_P(Written, OrderedTailSchedule,
                         testing::Combine(testing::Values(LogKind::plain, LogKind::events, LogKind::outbox),
                                          testing::ValuesIn(cases)),
                         [](const auto& written) {
                           return std::string{std::get<Case>(written.param).name} + "_" +
                                  to_string(std::get<LogKind>(written.param));
                         });

TEST(WrongReader, LastPositionLosesALateCommit) {
  for (const auto log : {LogKind::plain, LogKind::events, LogKind::outbox}) {
    EXPECT_EQ(verdict_on(ReaderKind::last_position, late_commit, log).lost, 1U) << to_string(log);
  }
}

TEST(WrongReader, LastPositionLosesAPreparedTransaction) {
  EXPECT_EQ(verdict_on(ReaderKind::last_position, prepared_before_the_read).lost, 1U);
}

TEST(WrongReader, PositionBelowHorizonLosesTheYoungerTransaction) {
  EXPECT_EQ(verdict_on(ReaderKind::position_below_horizon, older_xid_draws_later).lost, 1U);
}

TEST(WrongReader, XidOrderInvertsAStream) {
  EXPECT_EQ(verdict_on(ReaderKind::xid_order, older_xid_appends_second).inverted, 1U);
}
