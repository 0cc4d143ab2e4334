#include <atomic>
#include <barrier>
#include <future>
#include <map>
#include <thread>
#include <utility>

#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;

namespace {

/// Some 70,000 events with holes in their positions: enough for pages ahead and for ranges of several sessions.
class ReplayTest : public StoreTest {
 protected:
  ReplayTest() {
    direct_.execute(
        "INSERT INTO annals.streams (name, version) SELECT 'order-' || s, 700 FROM generate_series(1, 100) s;"
        "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data)"
        " SELECT s.stream_id, g, gen_random_uuid(), 2, 't', convert_to(s.name || '/' || g, 'UTF8')"
        "   FROM generate_series(1, 700) g, annals.streams s");
    // What a rolled back append leaves, and what a crash or a restore does.
    direct_.execute("SELECT nextval('annals.events_position_seq') FROM generate_series(1, 1000)");
    (void)store_.append(stream_of(1), ExpectedVersion::any(), {event("t", "order-1/701")});
    direct_.execute("SELECT setval('annals.events_position_seq', 3000000000)");
    for (int i = 2; i <= 40; ++i) {
      (void)store_.append(stream_of(i), ExpectedVersion::any(), {event("t", stream_of(i).str() + "/701")});
    }
  }
  static StreamName stream_of(int number) { return StreamName{"order-" + std::to_string(number)}; }

  std::int64_t replay(std::size_t sessions, GlobalPosition after = GlobalPosition{}) {
    std::int64_t seen = 0;
    GlobalPosition last = after;
    std::map<std::string, std::int64_t, std::less<>> versions;
    store_.read_all(after,
                    [&](const RecordedEvent& event) {
                      EXPECT_LT(last, event.position);
                      last = event.position;
                      EXPECT_EQ(event.data, event.stream.str() + "/" + std::to_string(event.version.value()));
                      auto& version = versions[event.stream.str()];
                      EXPECT_TRUE(version == 0 || event.version.value() == version + 1) << "an event was left out";
                      version = event.version.value();
                      return ++seen < 1'000'000 && !HasFailure();
                    },
                    {.sessions = sessions});
    return seen;
  }
};

}  // namespace

TEST_F(ReplayTest, GivesEveryEventOnceInOrderByOneSessionOrSeveral) {
  for (const std::size_t sessions : {1, 2, 3, 8}) {
    SCOPED_TRACE(sessions);
    EXPECT_EQ(replay(sessions), 70'040);
    EXPECT_EQ(replay(sessions, GlobalPosition{12'345}), 70'040 - 12'345);
  }
}

TEST_F(ReplayTest, StopsWhereTheVisitorDoes) {
  for (const std::size_t sessions : {1, 3}) {
    std::int64_t seen = 0;
    const auto reached = store_.read_all(GlobalPosition{}, [&](const RecordedEvent&) { return ++seen < 30'000; },
                                         {.sessions = sessions});
    EXPECT_EQ(seen, 30'000);
    EXPECT_EQ(reached, GlobalPosition{30'000});
  }
}

TEST_F(ReplayTest, ThrowsWhatTheVisitorThrows) {
  for (const std::size_t sessions : {1, 3}) {
    std::int64_t seen = 0;
    EXPECT_THROW(store_.read_all(GlobalPosition{},
                                 [&](const RecordedEvent&) {
                                   if (++seen == 30'000) throw std::runtime_error{"enough"};
                                   return true;
                                 },
                                 {.sessions = sessions}),
                 std::runtime_error);
    EXPECT_EQ(replay(sessions), 70'040) << "and the store goes on";
  }
}

/// All that comes before is seen, whoever read it.
TEST_F(ReplayTest, FailsAtTheRowThatCannotBeRead) {
  direct_.execute("SET session_replication_role = replica");
  direct_.execute(
      "ALTER TABLE annals.events DISABLE TRIGGER append_only; ALTER TABLE annals.events DISABLE TRIGGER "
      "append_only_row;"
      "UPDATE annals.events SET stream_id = 4711 WHERE position = 41234");
  for (const std::size_t sessions : {1, 3}) {
    GlobalPosition last;
    EXPECT_EQ(error_of([&] {
                store_.read_all(GlobalPosition{},
                                [&](const RecordedEvent& event) {
                                  last = event.position;
                                  return true;
                                },
                                {.sessions = sessions});
              }).kind(),
              ErrorKind::corrupt);
    EXPECT_EQ(last, GlobalPosition{41'233});
  }
}

TEST_F(ReplayTest, NeedsAsManyConnectionsAsSessions) {
  EXPECT_EQ(error_of([&] { replay(0); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(error_of([&] { replay(9); }).kind(), ErrorKind::invalid);
}

/// What is still open is waited for by one; several share only what is final.
TEST_F(ReplayTest, SkipsNothingOfAnOpenTransaction) {
  const auto open = postgres::open_pqxx(temp_.as("writer"));
  pqxx::work tx{*open};
  (void)store_.append(tx, stream_of(41), ExpectedVersion::any(), {event("t", "order-41/701")});
  (void)store_.append(stream_of(42), ExpectedVersion::any(), {event("t", "order-42/701")});
  std::jthread commit{[&] {
    std::this_thread::sleep_for(std::chrono::milliseconds{2500});
    tx.commit();
  }};
  EXPECT_EQ(replay(3), 70'042);
}

/// Its visitor has seen all up to the place before it, and goes on from there when it has ended.
TEST_F(ReplayTest, NamesTheTransactionThatItWaitsForTooLong) {
  const auto open = postgres::open_pqxx(temp_.as("writer"));
  pqxx::work tx{*open};
  (void)store_.append(tx, stream_of(41), ExpectedVersion::any(), {event("t", "order-41/701")});
  (void)store_.append(stream_of(42), ExpectedVersion::any(), {event("t", "order-42/701")});
  GlobalPosition reached;
  std::int64_t seen = 0;
  const auto read_on = [&] {
    store_.read_all(reached,
                    [&](const RecordedEvent& event) {
                      reached = event.position;
                      return ++seen > 0;
                    },
                    {.blocked_wait_max = std::chrono::milliseconds{300}});
  };
  const auto error = error_of(read_on);
  EXPECT_EQ(error.kind(), ErrorKind::overloaded);
  EXPECT_THAT(error.message(), ::testing::HasSubstr(std::to_string(open->backendpid())));
  EXPECT_FALSE(error.hint().empty());
  EXPECT_GE(seen, 70'000);
  EXPECT_LT(seen, 70'041);
  tx.commit();
  read_on();
  EXPECT_EQ(seen, 70'042);
}

/// Who has a session and waits for another holds what the other waits for.
TEST_F(ReplayTest, TwoAtOnceDoNotWaitForEachOthersSessions) {
  const EventStore small{temp_.as("writer"), {.connections_max = 2, .acquire_timeout = std::chrono::seconds{2}}};
  std::barrier both{2};
  std::atomic<std::int64_t> seen = 0;
  const auto replay = [&] {
    bool first = true;
    small.read_all(GlobalPosition{},
                   [&](const RecordedEvent&) {
                     if (std::exchange(first, false)) both.arrive_and_wait();
                     ++seen;
                     return true;
                   },
                   {.sessions = 2});
  };
  auto other = std::async(std::launch::async, replay);
  replay();
  other.get();
  EXPECT_EQ(seen, 2 * 70'040);
}

TEST_F(ReplayTest, GoesOnWithTheSessionsThatItGets) {
  const auto database = direct_.query("SELECT pg_catalog.current_database()").text(0, 0);
  const EventStore narrow{temp_.as("writer")};
  std::int64_t seen = 0;
  narrow.read_all(GlobalPosition{},
                  [&](const RecordedEvent&) {
                    if (++seen == 1) direct_.execute("ALTER DATABASE " + database + " CONNECTION LIMIT 0");
                    return true;
                  },
                  {.sessions = 3});
  EXPECT_EQ(seen, 70'040);
}

/// One of several is made up for by the first; without that the visitor has seen all up to the place.
TEST_F(ReplayTest, SkipsNothingWhenASessionIsEnded) {
  auto database = temp_.as("writer");
  database.application_name = "ended";
  for (const int victim : {0, 1}) {
    SCOPED_TRACE(victim);
    const EventStore store{database};
    GlobalPosition last;
    std::int64_t seen = 0;
    const auto visit = [&](const RecordedEvent& event) {
      EXPECT_EQ(event.position.value(), event.position.value() <= 70'000 ? last.value() + 1 : event.position.value());
      last = event.position;
      if (++seen == 10'000) {
        direct_.query(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'ended'"
            " ORDER BY backend_start LIMIT 1 OFFSET " +
            std::to_string(victim) + ") v");
      }
      return true;
    };
    const auto replay = [&] { store.read_all(GlobalPosition{}, visit, {.sessions = 2}); };
    if (victim == 0) {
      EXPECT_EQ(error_of(replay).kind(), ErrorKind::disconnected);
    } else {
      replay();
      EXPECT_EQ(seen, 70'040);
    }
  }
}
