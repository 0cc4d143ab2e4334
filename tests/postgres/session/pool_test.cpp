#include "annals/postgres/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

using annals::Error;
using annals::postgres::Pool;
using namespace std::chrono_literals;

namespace {

struct Thing {
  bool broken = false;
};

struct Counts {
  std::atomic<int> opened{0};
};

Pool<Thing> make_pool(Counts& counts, std::size_t size, std::chrono::milliseconds timeout = 10s) {
  return Pool<Thing>{[&counts] {
                       ++counts.opened;
                       return std::make_unique<Thing>();
                     },
                     [](Thing& thing) { return !thing.broken; },
                     {.size = size, .acquire_timeout = timeout}};
}

}  // namespace

TEST(Pool, ReusesWhatIsReturned) {
  Counts counts;
  auto pool = make_pool(counts, 4);
  for (int i = 0; i < 10; ++i) (void)pool.acquire();
  EXPECT_EQ(counts.opened, 1);
}

TEST(Pool, ThrowsAwayWhatIsBrokenOrDiscarded) {
  Counts counts;
  auto pool = make_pool(counts, 1);
  pool.acquire()->broken = true;
  pool.acquire().discard();
  (void)pool.acquire();
  EXPECT_EQ(counts.opened, 3);
}

TEST(Pool, GivesNothingWhereItWouldHaveToWait) {
  Counts counts;
  auto pool = make_pool(counts, 1);
  {
    const auto held = pool.try_acquire();
    EXPECT_TRUE(held.has_value());
    EXPECT_FALSE(pool.try_acquire().has_value());
  }
  EXPECT_TRUE(pool.try_acquire().has_value());
  EXPECT_EQ(counts.opened, 1);
}

TEST(Pool, SaysWhenItIsExhausted) {
  Counts counts;
  auto pool = make_pool(counts, 1, 10ms);
  const auto held = pool.acquire();
  try {
    (void)pool.acquire();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), annals::ErrorKind::overloaded);
    EXPECT_TRUE(error.retryable());
  }
}

TEST(Pool, KeepsItsPlacesWhenOpeningFails) {
  int attempts = 0;
  Pool<Thing> pool{[&]() -> std::unique_ptr<Thing> {
                     if (++attempts < 3) throw Error{annals::ErrorKind::disconnected, "away"};
                     return std::make_unique<Thing>();
                   },
                   [](Thing&) { return true; },
                   {.size = 1, .acquire_timeout = 1s}};
  EXPECT_THROW((void)pool.acquire(), Error);
  EXPECT_THROW((void)pool.acquire(), Error);
  EXPECT_NO_THROW((void)pool.acquire());
}

TEST(Pool, NeverLeasesMoreThanItsSize) {
  Counts counts;
  auto pool = make_pool(counts, 3);
  std::atomic<int> leased{0};
  std::atomic<int> most{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 200; ++n) {
          const auto lease = pool.acquire();
          const int now = ++leased;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          std::this_thread::yield();
          --leased;
        }
      });
    }
  }
  EXPECT_LE(most, 3);
  EXPECT_LE(counts.opened, 3);
}
