#include "annals/postgres/doorbell.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/postgres/connection.hpp"
#include "doorbell_base.hpp"
#include "ringing_log.hpp"
#include "support/temp_database.hpp"

using annals::Error;
using annals::postgres::Connection;
using annals::postgres::Doorbell;
using Wake = annals::postgres::Doorbell::Wake;
using annals::tests::plain_insert;
using namespace std::chrono_literals;

using annals::tests::DoorbellTest;

TEST_F(DoorbellTest, TimesOutWhenNothingHappens) {
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  EXPECT_EQ(bell.wait(20ms), Wake::timed_out);
}

TEST_F(DoorbellTest, RingsForAPlainInsertWhileSomebodySleeps) {
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  writer_.execute(plain_insert);
  EXPECT_EQ(bell.wait(10s), Wake::rung);
}

TEST_F(DoorbellTest, StaysSilentWhileNobodySleeps) {
  Connection listener{temp_.database()};
  listener.execute("LISTEN " + table_.channel);
  Doorbell bell{reader_, table_};  // awake: it has never waited
  for (int i = 0; i < 10; ++i) writer_.execute(plain_insert);
  EXPECT_EQ(listener.notifications(100ms), 0);
}

TEST_F(DoorbellTest, LooksAgainSoonWhileRowsKeepComing) {
  Doorbell bell{reader_, table_, {.look_again = 1ms, .gather = 50ms, .busy_rate = 1e9, .awake = 1h}};
  bell.looked(1);
  EXPECT_FALSE(bell.due());
  EXPECT_EQ(bell.wait(10s), Wake::due);
  EXPECT_EQ(bells_held(), 0);
}

TEST_F(DoorbellTest, LetsRowsGatherWhileManyCome) {
  Doorbell bell{reader_, table_, {.look_again = 1us, .gather = 1h, .busy_rate = 100, .awake = 1h}};
  bell.looked(0);
  bell.looked(1000);
  EXPECT_GT(bell.until_due(), 1min);
  EXPECT_EQ(bell.wait(5ms), Wake::timed_out);
}

/// Or it would fall asleep between two looks under load, and every commit would notify.
TEST_F(DoorbellTest, TakesRowsThatGatherForNoSilence) {
  Doorbell bell{reader_, table_, {.look_again = 1us, .gather = 1h, .busy_rate = 100, .awake = 1ms}};
  bell.looked(0);
  bell.looked(1000);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bell.wait(5ms), Wake::timed_out);
  EXPECT_EQ(bells_held(), 0);
}

TEST_F(DoorbellTest, TakesNoBurstForAFlood) {
  Doorbell bell{
      reader_, table_, {.gather = 2ms, .busy_rate = 100, .gather_flood = 1h, .flood_rate = 8000, .awake = 1h}};
  bell.looked(0);
  bell.looked(1000);
  EXPECT_LE(bell.until_due(), 2ms) << "1000 rows at once are no 8000 a second";
  for (int i = 0; i < 5; ++i) bell.looked(10'000);
  EXPECT_GT(bell.until_due(), 1min) << "50,000 are more";
}

TEST_F(DoorbellTest, FallsAsleepOnceNothingCame) {
  Doorbell bell{reader_, table_, {.look_again = 1ms, .awake = 200ms}};
  bell.looked(1);
  int looks = 0;
  while (bell.wait(10s) == Wake::due) {
    bell.looked(0);
    ++looks;
  }
  EXPECT_GE(looks, 2);
  EXPECT_EQ(bells_held(), 1);
}

/// For a loop that asks due() before it reads: without the second look a commit of just before would be slept through.
TEST_F(DoorbellTest, SecondLookIsDueAtOnce) {
  Doorbell bell{reader_, table_, {.look_again = 10s, .awake = 0us}};
  bell.looked(0);
  ASSERT_FALSE(bell.due());
  while (bell.wait(20ms) != Wake::armed) {
  }
  EXPECT_TRUE(bell.due());
  bell.looked(0);
  EXPECT_FALSE(bell.due());
}

TEST_F(DoorbellTest, SleeperThatFallsSilentIsEndedAndNobodyRingsForIt) {
  if (writer_.server_version() < 140000) GTEST_SKIP() << "idle_session_timeout is new in PostgreSQL 14";
  Doorbell bell{reader_, table_, {.lease = 300ms}};
  fall_asleep(bell);
  ASSERT_EQ(bells_held(), 1);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (bells_held() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(bells_held(), 0);
  EXPECT_THROW((void)bell.wait(20ms), Error);
}

/// What rang for it fills its socket, and the server hangs in writing to it: no limit on silence ends that.
TEST_F(DoorbellTest, SleeperThatIsFrozenIsEndedByTheNextReader) {
  Doorbell frozen{reader_, table_, {.lease = 600ms}};
  fall_asleep(frozen);
  writer_.query("SELECT count(pg_notify('" + table_.channel +
                "', repeat('x', 1000) || g)) FROM generate_series(1, 8000) g");
  Connection connection{temp_.database()};
  Doorbell next{connection, table_, {.lease = 600ms}};
  const auto ended = [&] {
    return count("SELECT count(*) FROM pg_stat_activity WHERE pid = " + std::to_string(reader_.backend_pid())) == 0;
  };
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!ended() && std::chrono::steady_clock::now() < deadline) {
    (void)next.wait(10ms);
    next.looked(0);
  }
  EXPECT_TRUE(ended());
}

TEST_F(DoorbellTest, WhatRingsWhileRowsComeDoesNotPileUp) {
  Doorbell bell{reader_, table_};
  for (int round = 0; round < 3; ++round) {
    writer_.query("SELECT count(pg_notify('" + table_.channel +
                  "', repeat('x', 1000) || g)) FROM generate_series(1, 50) g");
    (void)reader_.query("SELECT 1");  // a read takes from the socket what came meanwhile
    bell.looked(1);
  }
  EXPECT_EQ(reader_.notifications(0ms, {}), 0);
}

TEST_F(DoorbellTest, SleeperThatWaitsForLongKeepsItsSession) {
  Doorbell bell{reader_, table_, {.lease = 300ms}};
  fall_asleep(bell);
  const auto until = std::chrono::steady_clock::now() + 1200ms;
  while (std::chrono::steady_clock::now() < until) EXPECT_EQ(bell.wait(1h), Wake::timed_out);
  EXPECT_EQ(bells_held(), 1);
}

/// While a sleeper talks to the server, what rings comes with the answer.
TEST_F(DoorbellTest, SleeperThatTalksMissesNothing) {
  // Another limit on its silence than the lease, so that only the talking is as frequent as that.
  if (writer_.server_version() >= 140000) reader_.execute("SET idle_session_timeout = '1h'");
  Doorbell bell{reader_, table_, {.lease = 3ms}};
  for (int i = 0; i < 200; ++i) {
    fall_asleep(bell);
    std::jthread write{[&] {
      std::this_thread::sleep_for(std::chrono::microseconds{i * 37 % 3000});
      writer_.execute(plain_insert);
    }};
    const auto begin = std::chrono::steady_clock::now();
    while (bell.wait(10s) != Wake::rung) {
    }
    ASSERT_LT(std::chrono::steady_clock::now() - begin, 5s) << "a wake-up was lost, and found by the clock";
    bell.looked(1);
  }
}

TEST_F(DoorbellTest, WhoIsAwakeMaySaySoWhenItLikes) {
  Doorbell bell{reader_, table_, {.lease = 300ms}};
  fall_asleep(bell);
  writer_.execute(plain_insert);
  ASSERT_EQ(bell.wait(10s), Wake::rung);
  bell.looked(1);
  std::this_thread::sleep_for(1s);  // it handles what it has read
  EXPECT_NO_THROW(reader_.execute("SELECT 1"));
}

/// The limit of who owns something through the same session stays.
TEST_F(DoorbellTest, LeavesAnotherLimitOnSilenceAlone) {
  if (writer_.server_version() < 140000) GTEST_SKIP() << "idle_session_timeout is new in PostgreSQL 14";
  const auto limit = [&] { return reader_.query("SHOW idle_session_timeout").text(0, 0); };
  reader_.execute("SET idle_session_timeout = '30s'");
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  EXPECT_EQ(limit(), "30s");
  bell.looked(1);
  EXPECT_EQ(limit(), "30s");
}

/// It may commit without a word.
TEST_F(DoorbellTest, StaysAwakeWhileAWriterIsInFlightForAMoment) {
  writer_.execute("BEGIN");
  writer_.execute(plain_insert);
  Doorbell bell{reader_, table_, {.in_flight_max = 0ms}};
  for (int i = 0; i < 10; ++i) {
    EXPECT_NE(bell.wait(50ms), Wake::armed);
    bell.looked(0);
  }
  writer_.execute("COMMIT");
  fall_asleep(bell);
  EXPECT_EQ(bells_held(), 1);
}

TEST_F(DoorbellTest, LooksMoreAndMoreSeldomWhileAWriterStaysInFlight) {
  writer_.execute("BEGIN");
  writer_.execute(plain_insert);
  for (const auto in_flight_max : {0ms, 20ms}) {
    Doorbell bell{reader_, table_, {.in_flight_max = in_flight_max}};
    int looks = 0;
    for (const auto until = std::chrono::steady_clock::now() + 500ms; std::chrono::steady_clock::now() < until;) {
      if (bell.wait(1s) == Wake::timed_out) continue;
      bell.looked(0);
      ++looks;
    }
    EXPECT_LT(looks, 100);
  }
  writer_.execute("COMMIT");
}

TEST_F(DoorbellTest, WakesEveryReader) {
  Connection second_reader{temp_.database()};
  Doorbell first{reader_, table_};
  Doorbell second{second_reader, table_};
  fall_asleep(first);
  fall_asleep(second);
  EXPECT_EQ(bells_held(), 1) << "the second sleeps behind the first";
  writer_.execute(plain_insert);
  EXPECT_EQ(first.wait(10s), Wake::rung);
  EXPECT_EQ(second.wait(10s), Wake::rung);
}

TEST_F(DoorbellTest, GivesTheBellUpWhileRowsKeepComing) {
  Connection listener{temp_.database()};
  listener.execute("LISTEN " + table_.channel);
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  writer_.execute(plain_insert);
  bell.looked(1);
  EXPECT_GT(listener.notifications(10s), 0);
  (void)listener.notifications(100ms);  // the bell's own word that it is free
  for (int i = 0; i < 10; ++i) writer_.execute(plain_insert);
  EXPECT_EQ(listener.notifications(100ms), 0);
}

/// What rang may stand behind a transaction that is still open: nothing can be read, and no commit may go on paying for that.
TEST_F(DoorbellTest, GivesTheBellUpWhenItRingsThoughNothingCanBeRead) {
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  writer_.execute(plain_insert);
  ASSERT_EQ(bell.wait(10s), Wake::rung);
  bell.looked(0);
  expect_none_held();
}

TEST_F(DoorbellTest, FindsOutAtTheSlowPollThatTheHolderDied) {
  auto holder = std::make_unique<Connection>(temp_.database());
  auto first = std::make_unique<Doorbell>(*holder, table_);
  Doorbell second{reader_, table_};
  fall_asleep(*first);
  fall_asleep(second);
  writer_.query("SELECT pg_terminate_backend($1::int)", annals::postgres::Params{}.integer(holder->backend_pid()));
  while (bells_held() > 0) std::this_thread::yield();
  EXPECT_EQ(second.wait(20ms), Wake::timed_out);
  fall_asleep(second);
  EXPECT_EQ(bells_held(), 1);
}

TEST_F(DoorbellTest, ALostSessionIsAnErrorAndNoLoop) {
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  writer_.query("SELECT pg_terminate_backend($1::int)", annals::postgres::Params{}.integer(reader_.backend_pid()));
  EXPECT_THROW(
      {
        for (int i = 0; i < 100; ++i) (void)bell.wait(1s);
      },
      Error);
}

TEST_F(DoorbellTest, HoldsNoSnapshotAndOpensNoSessionWhileItSleeps) {
  const auto sessions = count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()");
  Connection second_reader{temp_.database()};
  Doorbell first{reader_, table_};
  Doorbell second{second_reader, table_};
  fall_asleep(first);
  fall_asleep(second);
  EXPECT_EQ(count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"), sessions + 1);
  EXPECT_EQ(count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                  " AND (backend_xmin IS NOT NULL OR state <> 'idle')"),
            0);
}

TEST_F(DoorbellTest, LeavesNoBellBehind) {
  for (int i = 0; i < 5; ++i) {
    Doorbell bell{reader_, table_};
    fall_asleep(bell);
  }
  expect_none_held();
}

TEST_F(DoorbellTest, TakesWhatRingsInALoopThatWaitsForSomethingElse) {
  Doorbell bell{reader_, table_};
  fall_asleep(bell);
  Connection stranger{temp_.database()};
  for (int i = 0; i < 1000; ++i) stranger.execute(fmt::format("NOTIFY {}, '{}'", table_.channel, i));
  EXPECT_TRUE(bell.drain());
  (void)reader_.query("SELECT 1");  // the server hands over what it still had
  (void)bell.drain();
  EXPECT_EQ(reader_.notifications(0ms), 0);
}

TEST_F(DoorbellTest, LosesNoWakeUp) {
  // Three readers sleep only on the bell, with a slow poll far longer than the test: a lost wake-up would be a time-out. One of
  // the writers is in flight for long, again and again.
  constexpr int rows = 1500;
  constexpr int held = 10;
  const auto seed = std::random_device{}();
  fmt::print("seed {}\n", seed);
  const auto follow = [&] {
    Connection connection{temp_.database()};
    Doorbell bell{connection, table_, {.look_again = 100us, .gather = 300us, .awake = 500us, .in_flight_max = 5ms}};
    std::int64_t seen = 0;
    while (seen < rows + held) {
      const auto now = connection.query("SELECT count(*) FROM public.log").bigint(0, 0);
      bell.looked(static_cast<std::size_t>(now - seen));
      seen = now;
      if (seen == rows + held) return;
      const auto begin = std::chrono::steady_clock::now();
      (void)bell.wait(20s);
      ASSERT_LT(std::chrono::steady_clock::now() - begin, 15s) << "slept through a commit, at " << seen;
    }
  };
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(follow);
  const std::jthread holder{[&] {
    Connection connection{temp_.database()};
    for (int i = 0; i < held; ++i) {
      annals::postgres::Transaction open{connection};
      connection.execute(plain_insert);
      std::this_thread::sleep_for(60ms);
      open.commit();
    }
  }};
  std::mt19937_64 random{seed};
  for (int i = 0; i < rows; ++i) {
    if (random() % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds{random() % 3000});
    writer_.execute(plain_insert);
  }
}
