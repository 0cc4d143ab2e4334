#include <atomic>
#include <latch>
#include <thread>

#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;

namespace {

class EventStoreRace : public StoreTest {
 protected:
  /// Runs `work(i)` in `count` threads that start at the same moment.
  static void together(int count, const std::function<void(int)>& work) {
    std::latch start{count};
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        work(i);
      });
    }
  }

  void expect_versions_without_holes(const StreamName& stream, std::size_t expected) {
    const auto read = store_.read_stream(stream, {.limit = 100'000});
    ASSERT_EQ(read.size(), expected);
    for (std::size_t i = 0; i < read.size(); ++i) {
      ASSERT_EQ(read[i].version.value(), static_cast<std::int64_t>(i) + 1);
      ASSERT_TRUE(i == 0 || read[i - 1].position < read[i].position);
    }
  }

  EventStore wide_{temp_.database(), {.connections_max = 64}};
};

}  // namespace

TEST_F(EventStoreRace, HasOneWinnerAmong64Threads) {
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> winners{0};
    std::atomic<int> losers{0};
    together(64, [&](int) {
      const auto result = wide_.append(stream_, exactly(round), {event("a")});
      std::holds_alternative<Appended>(result) ? ++winners : ++losers;
    });
    ASSERT_EQ(winners, 1) << "round " << round;
    ASSERT_EQ(losers, 63);
  }
  expect_versions_without_holes(stream_, 10);
}

TEST_F(EventStoreRace, CreatesAStreamOnce) {
  for (int round = 0; round < 10; ++round) {
    const StreamName fresh{"fresh-" + std::to_string(round)};
    std::atomic<int> winners{0};
    together(32, [&](int) {
      winners +=
          std::holds_alternative<Appended>(wide_.append(fresh, ExpectedVersion::no_stream(), {event("a")})) ? 1 : 0;
    });
    ASSERT_EQ(winners, 1);
  }
}

TEST_F(EventStoreRace, LosesNothingThatExpectsNothing) {
  together(32, [&](int) {
    for (int i = 0; i < 5; ++i) (void)version_of(wide_.append(stream_, ExpectedVersion::any(), events(2)));
  });
  expect_versions_without_holes(stream_, 320);
}

TEST_F(EventStoreRace, HasOneWinnerAtEveryIsolationLevel) {
  for (const std::string level : {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}) {
    const StreamName stream{"level-" + level};
    std::atomic<int> winners{0};
    together(8, [&](int) {
      auto connection = pool_->acquire();
      try {
        pqxx::work tx{*connection};
        tx.exec("SET TRANSACTION ISOLATION LEVEL " + level);
        const auto result = store_.append(tx, stream, ExpectedVersion::no_stream(), {event("a")});
        tx.commit();
        winners += std::holds_alternative<Appended>(result) ? 1 : 0;
      } catch (const Error& error) {
        EXPECT_TRUE(error.retryable()) << error.what();
      } catch (const pqxx::serialization_failure&) {  // at commit
      }
    });
    EXPECT_EQ(winners, 1) << level;
  }
}

TEST_F(EventStoreRace, WaitsForTheHeadBeforeItDrawsAPosition) {
  (void)store_.append(stream_, ExpectedVersion::any(), {event("first")});
  auto connection = pool_->acquire();
  pqxx::work tx{*connection};
  (void)version_of(store_.append(tx, stream_, ExpectedVersion::any(), {event("second")}));
  std::jthread third{[&] { (void)version_of(store_.append(stream_, ExpectedVersion::any(), {event("third")})); }};
  while (direct_
             .query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND"
                    " wait_event_type = 'Lock'")
             .bigint(0, 0) == 0) {
  }
  (void)version_of(store_.append(tx, StreamName{"other-1"}, ExpectedVersion::any(), {event("x")}));
  tx.commit();
  third.join();
  const auto read = store_.read_stream(stream_);
  ASSERT_EQ(read.size(), 3U);
  const auto other = store_.read_stream(StreamName{"other-1"});
  EXPECT_GT(read[2].position, other[0].position);  // drawn after the wait, not before
}
