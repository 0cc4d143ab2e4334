#include "annals/postgres/ordered_tail.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "log_readers.hpp"
#include "support/end_session.hpp"
#include "support/error_of.hpp"
#include "support/temp_database.hpp"

using annals::postgres::Connection;
using annals::postgres::OrderedTail;
using annals::postgres::RowBatch;
using State = annals::postgres::OrderedTail::State;
using annals::tests::TempDatabase;
using testing::HasSubstr;

namespace {

class OrderedTailTest : public testing::Test {
 protected:
  OrderedTailTest() { annals::tests::create_log(temp_.database()); }

  static annals::postgres::LogTable table() {
    return annals::postgres::log_table("public.log", "SELECT l.position, l.stream, l.version FROM public.log l",
                                       "l.position");
  }
  /// Looks again until it is no longer blocked; whoever calls it knows that nobody is in the way.
  State read_unblocked(OrderedTail& tail, std::int64_t position) {
    auto state = tail.read(position, batch_);
    while (state == State::blocked) {
      std::this_thread::sleep_for(tail.retry_after());
      state = tail.read(position, batch_);
    }
    return state;
  }
  /// Those that are waited for, once the wait has lasted long enough to ask.
  std::vector<annals::postgres::Blocker> blockers_of(OrderedTail& tail, std::int64_t position) {
    while (tail.blockers().empty() && tail.read(position, batch_) == State::blocked) {
      std::this_thread::sleep_for(tail.retry_after());
    }
    return tail.blockers();
  }
  void append(Connection& connection, int rows = 1) {
    connection.execute(
        fmt::format("INSERT INTO public.log (stream, version) SELECT 's', g FROM generate_series(1, {}) g", rows));
  }

  TempDatabase temp_{TempDatabase::Schema::none};
  Connection writer_{temp_.database()};
  Connection other_{temp_.database()};
  Connection reader_{temp_.database()};
  RowBatch batch_;
};

}  // namespace

TEST_F(OrderedTailTest, IsCaughtUpOnAnEmptyTable) {
  OrderedTail tail{reader_, table()};
  EXPECT_EQ(tail.read(0, batch_), State::caught_up);
  EXPECT_TRUE(batch_.empty());
}

TEST_F(OrderedTailTest, SaysThatItsSessionIsLostHoweverOftenItIsAsked) {
  append(writer_);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  annals::tests::end_session(writer_, reader_.backend_pid());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(annals::tests::error_of([&] { (void)tail.read(1, batch_); }).kind(), annals::ErrorKind::disconnected);
  }
  annals::postgres::HorizonProver prover{reader_, tail.table()};
  EXPECT_EQ(annals::tests::error_of([&] { (void)prover.begin(); }).kind(), annals::ErrorKind::disconnected);
}

TEST_F(OrderedTailTest, IsNotHeldUpByTransactionsThatNeverAppended) {
  other_.execute("BEGIN; INSERT INTO public.other VALUES (1)");
  append(writer_);
  writer_.execute("BEGIN");
  append(writer_);
  writer_.execute("ROLLBACK");  // a hole, to be proven while the other transaction stays open
  append(writer_);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  EXPECT_EQ(batch_.size(), 1U);
  ASSERT_EQ(tail.read(1, batch_), State::rows);
  EXPECT_EQ(batch_.row(0).bigint(), 3);
  EXPECT_EQ(tail.horizon(), 3);
}

TEST_F(OrderedTailTest, NamesWhomItWaitsFor) {
  writer_.execute("BEGIN");
  append(writer_);
  append(other_);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(0, batch_), State::blocked);
  const auto blockers = blockers_of(tail, 0);
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].pid, writer_.backend_pid());
  EXPECT_EQ(blockers[0].state, "idle in transaction");
  EXPECT_TRUE(blockers[0].age.has_value());
  EXPECT_NE(blockers[0].role, "");
  EXPECT_THAT(blockers[0].query, HasSubstr("INSERT INTO public.log"));
  writer_.execute("COMMIT");
  ASSERT_EQ(read_unblocked(tail, 0), State::rows);
  EXPECT_EQ(batch_.size(), 2U);
}

TEST_F(OrderedTailTest, ShowsNoAgeWhereTheRoleMayNotSeeIt) {
  writer_.execute("BEGIN");
  append(writer_);
  Connection stranger{temp_.as("reader")};
  const std::optional<std::string_view> relations[] = {"public.log"};
  const auto blockers = annals::postgres::find_blockers(stranger, relations);
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].pid, writer_.backend_pid());
  EXPECT_EQ(blockers[0].age, std::nullopt);
}

TEST_F(OrderedTailTest, NamesAPreparedTransaction) {
  writer_.execute("BEGIN");
  append(writer_);
  writer_.execute("PREPARE TRANSACTION 'left-behind'");
  append(other_);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(0, batch_), State::blocked);
  const auto blockers = blockers_of(tail, 0);
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].state, "prepared");
  EXPECT_EQ(blockers[0].query, "left-behind");
  writer_.execute("ROLLBACK PREPARED 'left-behind'");
  ASSERT_EQ(read_unblocked(tail, 0), State::rows);
  EXPECT_EQ(batch_.row(0).bigint(), 2);
}

TEST_F(OrderedTailTest, DeliversWhatStandsBeforeTheHole) {
  append(other_, 3);
  writer_.execute("BEGIN");
  append(writer_);
  append(other_, 3);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  EXPECT_EQ(batch_.size(), 3U);
  EXPECT_EQ(tail.read(3, batch_), State::blocked);
  writer_.execute("ROLLBACK");
}

TEST_F(OrderedTailTest, ProvesABacklogOfOldHolesOnce) {
  for (int i = 0; i < 50; ++i) {
    writer_.execute("BEGIN");
    append(writer_);
    writer_.execute(i % 2 == 0 ? "ROLLBACK" : "COMMIT");
  }
  OrderedTail tail{reader_, table()};
  std::int64_t last = 0;
  std::size_t rows = 0;
  int reads = 0;
  while (tail.read(last, batch_) == State::rows) {
    ++reads;
    rows += batch_.size();
    last = batch_.row(batch_.size() - 1).bigint();
  }
  EXPECT_EQ(rows, 25U);
  EXPECT_EQ(last, 50);
  EXPECT_EQ(reads, 1);  // the hole is at the very front: one proof, then everything
}

TEST_F(OrderedTailTest, ObeysTheLimitsOfARead) {
  append(writer_, 100);
  OrderedTail tail{reader_, table(), {.rows_max = 1000, .bytes_max = 200}};
  ASSERT_EQ(tail.read(0, batch_, 7), State::rows);
  EXPECT_EQ(batch_.size(), 7U);
  ASSERT_EQ(tail.read(7, batch_), State::rows);
  EXPECT_LT(batch_.byte_size(), 300U);
  EXPECT_EQ(batch_.row(0).bigint(), 8);
}

TEST_F(OrderedTailTest, GoesOnAfterARowLargerThanTheLimit) {
  writer_.execute("INSERT INTO public.log (stream, version) VALUES (repeat('x', 10000), 1), ('y', 2)");
  OrderedTail tail{reader_, table(), {.rows_max = 1000, .bytes_max = 100}};
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  EXPECT_EQ(batch_.size(), 1U);
  ASSERT_EQ(tail.read(1, batch_), State::rows);
  EXPECT_EQ(batch_.row(0).bigint(), 2);
}

TEST_F(OrderedTailTest, StartsAnywhere) {
  append(writer_, 10);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(7, batch_), State::rows);
  EXPECT_EQ(batch_.size(), 3U);
  ASSERT_EQ(tail.read(2, batch_), State::rows);  // and back again
  EXPECT_EQ(batch_.row(0).bigint(), 3);
  EXPECT_EQ(tail.read(10, batch_), State::caught_up);
}

TEST_F(OrderedTailTest, IsNotDelayedByAHolderOfTheLockThatFillsNoHole) {
  // The loser of a race holds the table's lock, has drawn nothing, and stays open; the hole before it is filled.
  Connection loser{temp_.database()};
  loser.execute("BEGIN; INSERT INTO public.log (stream, version) SELECT 's', 1 WHERE false");
  writer_.execute("BEGIN");
  append(writer_);
  append(other_);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(0, batch_), State::blocked);
  writer_.execute("COMMIT");
  ASSERT_EQ(read_unblocked(tail, 0), State::rows) << "while the loser is still open";
  EXPECT_EQ(batch_.size(), 2U);
  EXPECT_EQ(tail.read(2, batch_), State::caught_up);
  loser.execute("ROLLBACK");
}

TEST_F(OrderedTailTest, AsksMoreAndMoreSeldomWhileItIsBlocked) {
  writer_.execute("BEGIN");
  append(writer_);
  append(other_);
  OrderedTail tail{reader_, table()};
  const auto begin = std::chrono::steady_clock::now();
  int looks = 0;
  while (std::chrono::steady_clock::now() - begin < std::chrono::seconds{1}) {
    ASSERT_EQ(tail.read(0, batch_), State::blocked);
    std::this_thread::sleep_for(tail.retry_after());
    ++looks;
  }
  EXPECT_LT(looks, 60) << "a question about locks holds up all who take one";
  writer_.execute("ROLLBACK");
}

TEST_F(OrderedTailTest, FirstReadAndALaterOneAreNotPaidForWithEverything) {
  // Small rows, then large ones: a read may grow to twice its predecessor, no more.
  append(writer_, 200);
  writer_.execute(
      "INSERT INTO public.log (stream, version) SELECT repeat('x', 10000), g FROM generate_series(1, 500) g");
  OrderedTail tail{reader_, table(), {.rows_max = 10'000, .bytes_max = 100'000}};
  std::int64_t last = 0;
  std::size_t before = 64;
  while (tail.read(last, batch_) == State::rows) {
    EXPECT_LE(batch_.size(), before * 2);
    before = std::max<std::size_t>(batch_.size(), 1);
    last = batch_.row(batch_.size() - 1).bigint();
  }
  EXPECT_EQ(last, 700);
}

TEST_F(OrderedTailTest, ReadsWithAFilterWhatIsProven) {
  for (int i = 1; i <= 6; ++i) {
    writer_.execute(
        fmt::format("INSERT INTO public.log (stream, version) VALUES ('{}', {})", i % 2 == 0 ? "even" : "odd", i));
  }
  OrderedTail tail{reader_, table()};
  tail.set_filter({"l.stream = ANY (pg_catalog.current_setting('annals.filter')::text[])", {"even", "it's {odd}"}});
  ASSERT_EQ(read_unblocked(tail, 0), State::rows);
  ASSERT_EQ(batch_.size(), 3U);
  EXPECT_EQ(batch_.row(2).bigint(), 6);
  EXPECT_EQ(tail.read(6, batch_), State::caught_up);
}

TEST_F(OrderedTailTest, AFilterPassesNoHoleThatMayStillBeFilled) {
  writer_.execute("BEGIN");
  writer_.execute("INSERT INTO public.log (stream, version) VALUES ('even', 1)");
  other_.execute("INSERT INTO public.log (stream, version) VALUES ('even', 2)");
  OrderedTail tail{reader_, table()};
  tail.set_filter({"l.stream = ANY (pg_catalog.current_setting('annals.filter')::text[])", {"even"}});
  EXPECT_EQ(tail.read(0, batch_), State::blocked);
  writer_.execute("COMMIT");
  ASSERT_EQ(read_unblocked(tail, 0), State::rows);
  EXPECT_EQ(batch_.size(), 2U);
}

/// What lay before the place where a reader began is not proven by its having begun there.
TEST_F(OrderedTailTest, GoesBackBehindWhereItBegan) {
  append(other_, 3);
  writer_.execute("BEGIN");
  append(writer_);
  append(other_, 3);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(5, batch_), State::rows);
  EXPECT_EQ(batch_.size(), 2U);
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  EXPECT_EQ(batch_.size(), 3U) << "4 may still come";
  EXPECT_EQ(tail.read(3, batch_), State::blocked);
  writer_.execute("COMMIT");
  ASSERT_EQ(read_unblocked(tail, 3), State::rows);
  EXPECT_EQ(batch_.row(0).bigint(), 4);
}

namespace {

class HorizonStoreTest : public OrderedTailTest {
 protected:
  HorizonStoreTest() {
    writer_.execute(
        "CREATE TABLE public.log_horizon (only_row boolean PRIMARY KEY DEFAULT true, position bigint NOT NULL DEFAULT "
        "0,"
        " proven_at timestamptz); INSERT INTO public.log_horizon DEFAULT VALUES");
  }
  static annals::postgres::LogTable stored_table() {
    auto log = table();
    log.horizon = "public.log_horizon";
    return log;
  }
  std::string database_name() {
    return superuser_.query("SELECT pg_catalog.quote_ident(pg_catalog.current_database())").text(0, 0);
  }
  std::int64_t stored() { return writer_.query("SELECT position FROM public.log_horizon").bigint(0, 0); }

  /// Whether somebody waits for a lock on the horizon's table.
  bool is_waited_for() {
    return superuser_
        .query("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'public.log_horizon'::regclass AND NOT granted)")
        .boolean(0, 0);
  }

  Connection superuser_{temp_.superuser()};
  /// Looks until `horizon` is stored.
  void look_until_stored(OrderedTail& tail, std::int64_t horizon) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (stored() != horizon && std::chrono::steady_clock::now() < deadline) {
      (void)tail.read(horizon, batch_);
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    EXPECT_EQ(stored(), horizon);
  }
};

}  // namespace

TEST_F(HorizonStoreTest, KeepsWhatIsProven) {
  append(writer_, 3);
  OrderedTail tail{reader_, stored_table()};
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  ASSERT_EQ(tail.read(3, batch_), State::caught_up);
  EXPECT_EQ(stored(), 3);
}

/// A replica would never see what is committed in what a reader of the primary left out.
TEST_F(HorizonStoreTest, NeverKeepsAHoleThatAReaderLeftOut) {
  append(other_, 3);
  other_.execute("BEGIN");
  append(other_);
  append(writer_, 3);
  OrderedTail tail{reader_, stored_table()};
  ASSERT_EQ(tail.read(5, batch_), State::rows);
  EXPECT_EQ(batch_.size(), 2U);
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(tail.read(7, batch_), State::caught_up) << "what it reads itself is not held up";
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  EXPECT_EQ(stored(), 0);
  other_.execute("COMMIT");
  look_until_stored(tail, 7);
}

TEST_F(HorizonStoreTest, StaysWhileSomebodyHoldsIt) {
  append(writer_, 3);
  other_.execute("BEGIN; SELECT FROM public.log_horizon FOR UPDATE");
  OrderedTail tail{reader_, stored_table()};
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  ASSERT_EQ(tail.read(3, batch_), State::caught_up);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5}) << "it waited for the row";
  EXPECT_EQ(stored(), 0);
  other_.execute("ROLLBACK");
  look_until_stored(tail, 3);
}

/// One slow write says little about the next.
TEST_F(HorizonStoreTest, IsKeptAgainSoonAfterATableLock) {
  append(writer_, 3);
  OrderedTail tail{reader_, stored_table()};
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  look_until_stored(tail, 3);
  other_.execute("BEGIN; LOCK TABLE public.log_horizon");
  append(writer_, 3);
  ASSERT_EQ(tail.read(3, batch_), State::rows);
  auto locker = std::async(std::launch::async, [&] {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!is_waited_for() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    other_.execute("SELECT pg_sleep(1); COMMIT");  // so long takes the write
  });
  while (locker.wait_for(std::chrono::milliseconds{10}) != std::future_status::ready) (void)tail.read(6, batch_);
  locker.get();
  look_until_stored(tail, 6);
  append(writer_, 3);
  ASSERT_EQ(tail.read(6, batch_), State::rows);
  look_until_stored(tail, 9);
}

TEST_F(HorizonStoreTest, HinderedIsNoReadersMatter) {
  append(writer_, 3);
  for (const char* hindrance : {"ALTER TABLE public.log_horizon ADD CHECK (position < 1)",
                                "ALTER DATABASE {} SET default_transaction_read_only = on"}) {
    superuser_.execute(fmt::format(fmt::runtime(hindrance), database_name()));
    Connection reader{temp_.database()};
    OrderedTail tail{reader, stored_table()};
    ASSERT_EQ(tail.read(0, batch_), State::rows) << hindrance;
    ASSERT_EQ(tail.read(3, batch_), State::caught_up) << hindrance;
  }
}

/// Statements of a reader see what was committed before them, whatever its role's own transactions do.
TEST_F(HorizonStoreTest, AllReadersGoOnWhereTransactionsAreSerializable) {
  superuser_.execute(
      fmt::format("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'", database_name()));
  Connection reader{temp_.database()};
  EXPECT_EQ(reader.query("SELECT pg_catalog.current_setting('transaction_isolation')").text(0, 0), "read committed");
}
