#include "relay/breaker.hpp"

#include <gtest/gtest.h>

namespace annals::relayd {
namespace {

using namespace std::chrono_literals;
using State = Breaker::State;

const Breaker::Time start{1h};

TEST(Breaker, StaysClosedWhileABrokerHandsOver) {
  Breaker breaker;
  EXPECT_EQ(breaker.observe(true, false, start), std::nullopt);
  EXPECT_EQ(breaker.observe(false, false, start), std::nullopt);
  EXPECT_EQ(breaker.observe(false, false, start + 900ms), std::nullopt);
  EXPECT_EQ(breaker.observe(true, false, start + 950ms), std::nullopt);
  EXPECT_EQ(breaker.observe(false, false, start + 1900ms), std::nullopt) << "counted from the last time it was there";
}

TEST(Breaker, OpensOnceAndClosesWhenSomethingWorks) {
  Breaker breaker;
  (void)breaker.observe(false, false, start);
  EXPECT_EQ(breaker.observe(false, false, start + 1s), State::open);
  EXPECT_EQ(breaker.observe(false, false, start + 2s), std::nullopt) << "one line a change";
  EXPECT_EQ(breaker.observe(true, false, start + 10s), State::half_open);
  EXPECT_EQ(breaker.observe(true, false, start + 11s), std::nullopt);
  EXPECT_EQ(breaker.observe(true, true, start + 12s), State::closed);
  EXPECT_EQ(breaker.lasted(start + 12s), 12s);
  EXPECT_EQ(breaker.observe(true, true, start + 13s), std::nullopt);
  EXPECT_EQ(breaker.lasted(start + 13s), 0s);
}

TEST(Breaker, OpensAgainFromHalfOpen) {
  Breaker breaker;
  EXPECT_EQ(breaker.trip(start), State::open);
  EXPECT_EQ(breaker.trip(start + 1s), std::nullopt);
  EXPECT_EQ(breaker.observe(true, false, start + 2s), State::half_open);
  EXPECT_EQ(breaker.observe(false, false, start + 3s), State::open);
  EXPECT_EQ(breaker.lasted(start + 3s), 3s);
}

}  // namespace
}  // namespace annals::relayd
