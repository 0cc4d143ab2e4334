#include "annals/postgres/doorbell.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/log_table.hpp"
#include "support/temp_database.hpp"

using annals::postgres::Connection;
using annals::postgres::Database;
using annals::postgres::Doorbell;
using annals::postgres::LogTable;
using Wake = annals::postgres::Doorbell::Wake;
using annals::tests::TempDatabase;
using namespace std::chrono_literals;

namespace {

/// An append as every writer of Annals makes it: row, then the bell, in one statement.
std::string append_sql(const LogTable& table) {
  return fmt::format(
      "WITH row AS (INSERT INTO public.log DEFAULT VALUES RETURNING 1)"
      " SELECT CASE WHEN pg_try_advisory_xact_lock_shared({}) THEN NULL ELSE pg_notify('{}', '') END FROM row",
      table.bell, table.channel);
}

class DoorbellTest : public testing::Test {
 protected:
  DoorbellTest() {
    writer_.execute("CREATE TABLE public.log (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)");
  }

  /// Waits until the reader has the bell.
  static void arm(Doorbell& bell) {
    while (bell.wait(20ms) != Wake::armed) {
    }
  }
  /// Whether some session waits for the bell.
  bool is_queued() { return advisory_locks("NOT granted") > 0; }
  std::int64_t advisory_locks(const std::string& condition) {
    return writer_
        .query(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND d.datname = current_database() AND " +
            condition)
        .bigint(0, 0);
  }

  TempDatabase temp_{TempDatabase::Schema::none};
  LogTable table_ = annals::postgres::log_table("public.log", "SELECT position FROM public.log", "position");
  Connection writer_{temp_.database()};
  Connection reader_{temp_.database()};
};

}  // namespace

TEST_F(DoorbellTest, TimesOutWhenNothingHappens) {
  Doorbell bell{reader_, table_};
  arm(bell);
  EXPECT_EQ(bell.wait(20ms), Wake::timed_out);
}

TEST_F(DoorbellTest, RingsForACommitWhileSomebodyWaits) {
  Doorbell bell{reader_, table_};
  arm(bell);
  writer_.execute(append_sql(table_));
  EXPECT_EQ(bell.wait(10s), Wake::rung);
}

TEST_F(DoorbellTest, StaysSilentWhileNobodyWaits) {
  Connection listener{temp_.database()};
  listener.execute("LISTEN " + table_.channel);
  for (int i = 0; i < 10; ++i) writer_.execute(append_sql(table_));
  EXPECT_EQ(listener.notifications(100ms), 0);
}

TEST_F(DoorbellTest, ArmsOnlyAfterAppendersInFlight) {
  writer_.execute("BEGIN");
  writer_.execute(append_sql(table_));
  Doorbell bell{reader_, table_};
  EXPECT_EQ(bell.wait(50ms), Wake::timed_out);  // the appender holds the bell until it commits
  writer_.execute("COMMIT");
  EXPECT_EQ(bell.wait(10s), Wake::armed);  // hence: read once more
}

TEST_F(DoorbellTest, RingsEvenWhileAnotherAppenderHoldsTheBell) {
  Connection slow{temp_.database()};
  slow.execute("BEGIN");
  slow.execute(append_sql(table_));
  Doorbell bell{reader_, table_};
  while (!is_queued()) EXPECT_EQ(bell.wait(20ms), Wake::timed_out);
  writer_.execute(append_sql(table_));  // refused by the queued request, so it notifies
  EXPECT_EQ(bell.wait(10s), Wake::rung);
  slow.execute("ROLLBACK");
}

TEST_F(DoorbellTest, WakesEveryReader) {
  Connection second_reader{temp_.database()};
  Doorbell first{reader_, table_};
  Doorbell second{second_reader, table_};
  arm(first);
  EXPECT_EQ(second.wait(20ms), Wake::timed_out);  // queues
  writer_.execute(append_sql(table_));
  EXPECT_EQ(first.wait(10s), Wake::rung);
  EXPECT_NE(second.wait(10s), Wake::timed_out);  // rung, or armed because the first gave the bell up
}

TEST_F(DoorbellTest, GivesTheBellUpWhileItRests) {
  Connection listener{temp_.database()};
  listener.execute("LISTEN " + table_.channel);
  Doorbell bell{reader_, table_};
  arm(bell);
  writer_.execute(append_sql(table_));
  bell.rest();
  EXPECT_GT(listener.notifications(10s), 0);
  for (int i = 0; i < 10; ++i) writer_.execute(append_sql(table_));
  EXPECT_EQ(listener.notifications(100ms), 0);
}

TEST_F(DoorbellTest, GivesUpABellThatIsGrantedWhileItRests) {
  writer_.execute("BEGIN");
  writer_.execute(append_sql(table_));
  Doorbell bell{reader_, table_};
  EXPECT_EQ(bell.wait(20ms), Wake::timed_out);  // queued
  writer_.execute("COMMIT");
  const auto held = [&] { return advisory_locks("granted") > 0; };
  while (!held()) std::this_thread::yield();
  while (held()) bell.rest();
}

TEST_F(DoorbellTest, LosesNoWakeUp) {
  // One reader sleeps only on the bell, with a slow poll far longer than the test: a lost wake-up would be a time-out.
  constexpr int rows = 2000;
  const auto seed = std::random_device{}();
  fmt::print("seed {}\n", seed);
  std::jthread writing{[&] {
    std::mt19937_64 random{seed};
    Connection connection{temp_.database()};
    for (int i = 0; i < rows; ++i) {
      if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds{random() % 1500});
      connection.execute(append_sql(table_));
    }
  }};
  Doorbell bell{reader_, table_};
  std::int64_t seen = 0;
  int timeouts = 0;
  while (seen < rows && timeouts == 0) {
    const auto now = reader_.query("SELECT count(*) FROM public.log").bigint(0, 0);
    if (now > seen) {
      seen = now;
    } else {
      timeouts += bell.wait(20s) == Wake::timed_out ? 1 : 0;
    }
  }
  EXPECT_EQ(seen, rows);
  EXPECT_EQ(timeouts, 0);
}
