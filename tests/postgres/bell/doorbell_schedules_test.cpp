// The doorbell against written schedules, with designs beside it that differ from it in one point each and sleep through a
// commit. A reader here is what sleeps behind a bell: a lost wake-up shows as one that sleeps although a row is committed
// that its last look did not see.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/doorbell.hpp"
#include "ringing_log.hpp"
#include "support/temp_database.hpp"

using annals::postgres::Connection;
using annals::postgres::Doorbell;
using annals::postgres::LogTable;
using annals::tests::plain_insert;
using annals::tests::TempDatabase;
using namespace std::chrono_literals;

namespace {

/// What is long enough for a ring to arrive.
constexpr auto patience = 300ms;

enum class Design {
  ours,
  no_second_look,     ///< sleeps as soon as it has the bell
  takes_any_refusal,  ///< sleeps behind whoever holds the bell, a writer in flight included
  silent_release,     ///< gives the bell up without a word
  sleeps_in_queue,    ///< waits for the bell behind a writer in flight, and looks for nobody
};

class Reader {
 public:
  Reader(const TempDatabase& database, Design design)
      : connection_(database.database()), table_(annals::tests::ringing_log()), design_(design) {
    if (design_ == Design::ours) {
      bell_ = std::make_unique<Doorbell>(connection_, table_);
    } else {
      connection_.execute("LISTEN " + table_.channel);
    }
  }

  /// One look at the table: true when there was something new.
  bool look() {
    const auto now = connection_.query("SELECT count(*) FROM public.log").bigint(0, 0);
    const auto fresh = now - seen_;
    seen_ = now;
    if (bell_) {
      bell_->looked(static_cast<std::size_t>(fresh));
    } else if (fresh > 0) {
      release();
    }
    return fresh > 0;
  }
  /// Takes the bell as its design has it. Whoever stays awake looks until it sleeps.
  void fall_asleep() {
    if (bell_) {
      while (bell_->wait(20ms) != Doorbell::Wake::armed) (void)look();
      return;
    }
    if (design_ == Design::sleeps_in_queue) {
      queue_ = std::make_unique<Connection>(connection_.database());
      queue_->send(lock("pg_advisory_lock"));
      std::this_thread::sleep_for(20ms);
      return;
    }
    holding_ = connection_.query(lock("pg_try_advisory_lock")).boolean(0, 0);
    ASSERT_TRUE(holding_ || design_ != Design::no_second_look);
  }
  /// What the design does between taking the bell and sleeping.
  void second_look() {
    if (design_ != Design::no_second_look) (void)look();
  }
  /// Whether anything wakes it.
  bool wakes() {
    if (!bell_) return connection_.notifications(patience) > 0;
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < patience) {
      if (bell_->wait(patience) != Doorbell::Wake::timed_out && look()) return true;
    }
    return false;
  }
  void take_what_rang() { (void)(bell_ ? bell_->drain() : connection_.notifications(patience) > 0); }
  [[nodiscard]] std::int64_t seen() const { return seen_; }

 private:
  [[nodiscard]] std::string lock(const char* function) const {
    return std::string{"SELECT "} + function + "(hashtextextended('" + table_.bell + "' COLLATE \"C\", 0))";
  }
  void release() {
    if (holding_) connection_.query(lock("pg_advisory_unlock"));
    holding_ = false;
  }

  Connection connection_;
  LogTable table_;
  Design design_;
  std::unique_ptr<Doorbell> bell_;
  std::unique_ptr<Connection> queue_;
  bool holding_ = false;
  std::int64_t seen_ = 0;
};

class Schedule {
 public:
  Schedule() { annals::tests::create_ringing_log(writer); }
  TempDatabase database{TempDatabase::Schema::none};
  Connection writer{database.database()};
};

/// A commit falls between the last look and the taking of the bell.
bool sleeps_through_a_commit_before_the_bell(Design design) {
  Schedule schedule;
  Reader reader{schedule.database, design};
  (void)reader.look();
  schedule.writer.execute(plain_insert);
  reader.fall_asleep();
  reader.second_look();
  return reader.seen() == 0 && !reader.wakes();
}

/// A writer that tried the bell before the reader did is still in flight, and commits when the reader sleeps.
bool sleeps_through_a_writer_in_flight(Design design) {
  Schedule schedule;
  Reader reader{schedule.database, design};
  schedule.writer.execute("BEGIN");
  schedule.writer.execute(plain_insert);
  const std::jthread committing{[&] {
    std::this_thread::sleep_for(50ms);  // the reader has long been refused; nothing depends on how long
    schedule.writer.execute("COMMIT");
  }};
  (void)reader.look();
  reader.fall_asleep();
  reader.second_look();
  return reader.seen() == 0 && !reader.wakes();
}

/// Two readers were rung; the second has taken that already and sleeps again, behind the first, which now gives the bell
/// up. Then a row is committed.
bool sleeps_through_a_release(Design design) {
  Schedule schedule;
  Reader first{schedule.database, design};
  Reader second{schedule.database, design};
  first.fall_asleep();
  first.second_look();
  second.fall_asleep();
  second.second_look();
  schedule.writer.execute(plain_insert);
  second.take_what_rang();
  (void)second.look();
  second.fall_asleep();  // the first still holds the bell
  second.second_look();
  (void)first.look();  // finds the row and gives the bell up
  schedule.writer.execute(plain_insert);
  return second.seen() == 1 && !second.wakes();
}

}  // namespace

TEST(DoorbellSchedule, SeesACommitBeforeTheBellIsTaken) {
  EXPECT_FALSE(sleeps_through_a_commit_before_the_bell(Design::ours));
}
TEST(DoorbellSchedule, StaysAwakeForAWriterInFlight) { EXPECT_FALSE(sleeps_through_a_writer_in_flight(Design::ours)); }
TEST(DoorbellSchedule, WakesWhenTheBellIsGivenUp) { EXPECT_FALSE(sleeps_through_a_release(Design::ours)); }

TEST(WrongDoorbell, WithoutASecondLookSleepsThroughACommit) {
  EXPECT_TRUE(sleeps_through_a_commit_before_the_bell(Design::no_second_look));
}
TEST(WrongDoorbell, BehindAWriterInFlightSleepsThroughItsCommit) {
  EXPECT_TRUE(sleeps_through_a_writer_in_flight(Design::takes_any_refusal));
}
TEST(WrongDoorbell, InTheQueueSleepsThroughWhoWasInFlight) {
  EXPECT_TRUE(sleeps_through_a_writer_in_flight(Design::sleeps_in_queue));
}
TEST(WrongDoorbell, GivenUpInSilenceLeavesASleeperBehind) {
  EXPECT_TRUE(sleeps_through_a_release(Design::silent_release));
}
