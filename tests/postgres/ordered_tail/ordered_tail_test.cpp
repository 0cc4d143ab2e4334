#include "annals/postgres/ordered_tail.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "log_readers.hpp"
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
  const auto blockers = tail.blockers();
  ASSERT_EQ(blockers.size(), 1U);
  EXPECT_EQ(blockers[0].pid, writer_.backend_pid());
  EXPECT_EQ(blockers[0].state, "idle in transaction");
  EXPECT_THAT(blockers[0].query, HasSubstr("INSERT INTO public.log"));
  writer_.execute("COMMIT");
  ASSERT_EQ(tail.read(0, batch_), State::rows);
  EXPECT_EQ(batch_.size(), 2U);
}

TEST_F(OrderedTailTest, NamesAPreparedTransaction) {
  writer_.execute("BEGIN");
  append(writer_);
  writer_.execute("PREPARE TRANSACTION 'left-behind'");
  append(other_);
  OrderedTail tail{reader_, table()};
  ASSERT_EQ(tail.read(0, batch_), State::blocked);
  ASSERT_EQ(tail.blockers().size(), 1U);
  EXPECT_EQ(tail.blockers()[0].state, "prepared");
  EXPECT_EQ(tail.blockers()[0].query, "left-behind");
  writer_.execute("ROLLBACK PREPARED 'left-behind'");
  ASSERT_EQ(tail.read(0, batch_), State::rows);
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
