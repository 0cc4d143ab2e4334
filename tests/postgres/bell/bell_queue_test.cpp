// The bell beside appenders that stay in flight.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/doorbell.hpp"
#include "doorbell_base.hpp"
#include "ringing_log.hpp"

using annals::postgres::Connection;
using annals::postgres::Doorbell;
using Wake = annals::postgres::Doorbell::Wake;
using annals::tests::DoorbellTest;
using annals::tests::plain_insert;
using namespace std::chrono_literals;

namespace {

/// A writer that stays in flight: everybody else rings, though nobody can take the bell from it.
class DoorbellQueueTest : public DoorbellTest {
 protected:
  DoorbellQueueTest() {
    writer_.execute("BEGIN");
    writer_.execute(plain_insert);
  }
  static std::chrono::milliseconds until_rung(Doorbell& bell) {
    const auto begin = std::chrono::steady_clock::now();
    while (bell.wait(10s) != Wake::rung) bell.looked(0);
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  }
  /// By looks that nothing rings for.
  void look_until_seen(Doorbell& bell) {
    int looks = 0;
    while (reader_.query("SELECT count(*) FROM public.log").bigint(0, 0) == 0) {
      ASSERT_NE(bell.wait(10s), Wake::timed_out);
      ASSERT_LT(++looks, 100);
    }
  }
  std::int64_t waiting() {
    return other_
        .query(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()")
        .bigint(0, 0);
  }
  void expect_waiting(std::int64_t count) {
    for (int i = 0; i < 500 && waiting() != count; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(waiting(), count);
  }

  Connection other_{temp_.database()};
};

}  // namespace

TEST_F(DoorbellQueueTest, EverybodyElseRings) {
  Doorbell bell{reader_, table_};
  for (int i = 0; i < 3; ++i) {
    fall_asleep(bell);
    other_.execute(plain_insert);
    EXPECT_LT(until_rung(bell), 5s);
    bell.looked(1);
    expect_waiting(0);
  }
}

TEST_F(DoorbellQueueTest, NobodyRingsWhileRowsKeepComing) {
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  other_.execute(plain_insert);
  (void)until_rung(bell);
  bell.looked(1);
  expect_waiting(0);
  Connection listener{temp_.database()};
  listener.execute("LISTEN " + table_.channel);
  for (int i = 0; i < 10; ++i) other_.execute(plain_insert);
  EXPECT_EQ(listener.notifications(100ms), 0);
}

TEST_F(DoorbellQueueTest, WhatWasInFlightIsLookedFor) {
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  writer_.execute("COMMIT");
  ASSERT_NO_FATAL_FAILURE(look_until_seen(bell));
  bell.looked(1);
  fall_asleep(bell);
  EXPECT_EQ(bells_held(), 1) << "and it sleeps behind the bell again";
}

/// Two in the queue: neither takes the other for somebody who sleeps behind the bell.
TEST_F(DoorbellQueueTest, EveryReaderIsRung) {
  Connection second_reader{temp_.database()};
  Doorbell first{reader_, table_};
  Doorbell second{second_reader, table_};
  fall_asleep(first);
  fall_asleep(second);
  expect_waiting(2);
  other_.execute(plain_insert);
  EXPECT_LT(until_rung(first), 5s);
  EXPECT_LT(until_rung(second), 5s);
  writer_.execute("ROLLBACK");
  first.looked(1);
  second.looked(1);
  fall_asleep(first);
  fall_asleep(second);
  EXPECT_EQ(bells_held(), 1);
}

TEST_F(DoorbellQueueTest, LeavesNobodyInTheQueue) {
  {
    Doorbell bell{reader_, table_};
    fall_asleep(bell);
    expect_waiting(1);
  }
  expect_waiting(0);
}

/// Its session is lost, or the server has none: it looks as often as without.
TEST_F(DoorbellQueueTest, DoesWithoutASession) {
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  other_.query("SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' AND NOT l.granted");
  expect_waiting(0);
  other_.execute(plain_insert);
  ASSERT_NO_FATAL_FAILURE(look_until_seen(bell));
  bell.looked(1);
  fall_asleep(bell);
  expect_waiting(1);
}

/// Who is frozen makes others ring for a lease at most.
TEST_F(DoorbellQueueTest, WhoFallsSilentIsEnded) {
  Doorbell bell{reader_, table_, {.lease = 300ms}};
  fall_asleep(bell);
  expect_waiting(0);
}
