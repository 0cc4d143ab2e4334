#include "annals/eventstore/event_tail.hpp"

#include <fstream>
#include <thread>

#include "annals/postgres/log_table.hpp"
#include "store_test.hpp"
#include "support/sanitizer.hpp"

using namespace annals;
using namespace annals::eventstore;
using namespace std::chrono_literals;

namespace {

class EventTailTest : public StoreTest {
 protected:
  /// Reads until caught up; returns the data of the events.
  std::string read(EventTail& tail) {
    std::string out;
    while (true) {
      const auto batch = tail.read(position_, 100);
      if (batch.empty()) return out;
      for (const auto& event : batch) {
        position_ = event.position;
        out += event.data;
      }
    }
  }
  void append(const std::string& data) {
    (void)version_of(store_.append(stream_, ExpectedVersion::any(), {event("t", data)}));
  }

  GlobalPosition position_;
};

}  // namespace

TEST_F(EventTailTest, CatchesUpThenFollows) {
  append("a");
  append("b");
  EventTail tail{temp_.database()};
  EXPECT_EQ(read(tail), "ab");
  EXPECT_EQ(tail.last_position().value(), 2);
  append("c");
  EXPECT_EQ(read(tail), "c");
}

TEST_F(EventTailTest, GivesABatchAsARangeThatCanBeWalkedAgain) {
  for (const auto* data : {"a", "b", "c"}) append(data);
  EventTail tail{temp_.database()};
  const auto batch = tail.read(position_, 2);
  static_assert(std::input_iterator<EventBatch::Iterator>);
  EXPECT_EQ(batch.state(), EventTail::State::rows);
  EXPECT_EQ(batch.size(), 2U);
  for (int walk = 0; walk < 2; ++walk) {
    std::string seen;
    for (const auto& event : batch) seen += event.data + std::to_string(event.position.value());
    EXPECT_EQ(seen, "a1b2");
  }
  const auto rest = tail.read(GlobalPosition{2}, 2);
  EXPECT_EQ((*rest.begin()).data, "c");
  EXPECT_EQ(tail.read(GlobalPosition{3}, 2).state(), EventTail::State::caught_up);
}

TEST_F(EventTailTest, WakesForAnAppendOfEitherKind) {
  EventTail tail{temp_.database()};
  const auto follow = [&](const std::string& data) {
    std::string seen;
    while (seen.empty()) {
      seen = read(tail);
      if (!seen.empty()) break;
      EXPECT_NE(tail.wait(30s), EventTail::Wake::timed_out) << "a wake-up was lost";
    }
    EXPECT_EQ(seen, data);
  };
  for (int i = 0; i < 20; ++i) {
    std::jthread own{[&] { append("x"); }};
    follow("x");
    own.join();
    std::jthread callers{[&] {
      postgres::transact(*pool_, [&](pqxx::work& tx) {
        (void)store_.append(tx, StreamName{"other"}, ExpectedVersion::any(), {event("t", "y")});
      });
    }};
    follow("y");
  }
}

TEST_F(EventTailTest, IsReadyForTheSecondLookOnceTheBellRings) {
  direct_.execute("SELECT pg_advisory_lock(hashtextextended('" + postgres::bell_name("annals.events") +
                  "' COLLATE \"C\", 0))");
  EventTail tail{temp_.database(), {.pace = {.look_again = 10s, .awake = 0us}}};
  ASSERT_EQ(tail.wait(20ms), EventTail::Wake::armed);
  EXPECT_EQ(read(tail), "");
  ASSERT_EQ(tail.wait(1ms), EventTail::Wake::timed_out);
  ASSERT_FALSE(tail.ready()) << "it has just looked";
  ASSERT_EQ(tail.wait(20ms), EventTail::Wake::armed);
  EXPECT_TRUE(tail.ready());
}

/// Nobody may carry the horizon beyond what is there, or a replica passes over all that is yet to come.
TEST_F(EventTailTest, HorizonGoesForwardAndNoFurtherThanTheLog) {
  postgres::Connection owner{temp_.superuser()};
  owner.execute("UPDATE annals.events_horizon SET position = 0");
  EXPECT_THROW(owner.execute("UPDATE annals.events_horizon SET position = 9000000000"), Error);
  EXPECT_THROW(owner.execute("UPDATE annals.outbox_horizon SET position = 9000000000"), Error);
}

/// Any role that may connect can send to any channel, for as long as an append stays open.
TEST_F(EventTailTest, WhatIsSentWhileItIsBlockedDoesNotPileUp) {
  if (tests::is_sanitized) GTEST_SKIP() << "the sanitizer keeps what was freed";
  const auto resident = [] {
    std::int64_t pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages >> pages;
    return pages * 4096;
  };
  EventTail tail{temp_.database()};
  (void)tail.read(position_, 1);
  (void)tail.wait(1ms);
  append("a");
  const auto open = postgres::open_pqxx(temp_.database());
  pqxx::work tx{*open};
  (void)store_.append(tx, StreamName{"open"}, ExpectedVersion::any(), {event("t", "b")});
  append("c");
  position_ = GlobalPosition{1};
  ASSERT_EQ(tail.read(position_, 10).state(), EventTail::State::blocked);
  postgres::Connection stranger{temp_.database()};
  const auto before = resident();
  for (int round = 0; round < 20; ++round) {
    stranger.query(
        "SELECT count(pg_notify('annals_annals_events', repeat('x', 7000) || g)) FROM generate_series(1, 300) g");
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(tail.read(position_, 10).state(), EventTail::State::blocked);
      std::this_thread::sleep_for(tail.retry_after());
    }
  }
  EXPECT_LT(resident() - before, 16 << 20) << "of 42 MB that were sent";
}

/// The queue is one for the cluster, and whoever may connect can fill it.
TEST_F(EventTailTest, NobodyRingsAndNoAppendFailsWhileTheQueueOfNotificationsFills) {
  postgres::Connection{temp_.superuser()}.execute(
      "CREATE OR REPLACE FUNCTION pg_catalog.pg_notification_queue_usage() RETURNS float8 LANGUAGE sql VOLATILE"
      " AS 'SELECT 0.6::float8'");
  EventTail tail{temp_.database()};
  do (void)tail.read(position_, 1);
  while (tail.wait(20ms) != EventTail::Wake::armed);
  EXPECT_EQ(read(tail), "");
  append("a");
  EXPECT_EQ(tail.wait(100ms), EventTail::Wake::timed_out);
  EXPECT_EQ(read(tail), "a");
}

TEST_F(EventTailTest, SaysWhatTheSchemaLacks) {
  const tests::TempDatabase empty{tests::TempDatabase::Schema::none};
  EXPECT_THAT(error_of([&] { EventTail{empty.database()}; }).what(), testing::HasSubstr("annals schema apply"));
}
