#include "annals/core/backoff.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

TEST(Backoff, StaysBelowADoublingCeiling) {
  annals::Backoff backoff{{.initial = 10ms, .max = 40ms, .seed = 1}};
  for (const auto ceiling : {10ms, 20ms, 40ms, 40ms, 40ms}) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, 0ms);
    EXPECT_LE(wait, ceiling);
  }
  EXPECT_EQ(backoff.attempts(), 5);
}

TEST(Backoff, JittersSoThatClientsDoNotComeBackTogether) {
  annals::Backoff one{{.initial = 1000ms, .max = 1000ms, .seed = 1}};
  annals::Backoff other{{.initial = 1000ms, .max = 1000ms, .seed = 2}};
  int equal = 0;
  for (int i = 0; i < 100; ++i) equal += one.next() == other.next() ? 1 : 0;
  EXPECT_LT(equal, 10);
}

TEST(Backoff, StartsOverAfterASuccess) {
  annals::Backoff backoff{{.initial = 1ms, .max = 1h, .seed = 3}};
  for (int i = 0; i < 15; ++i) (void)backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), 1ms);
  EXPECT_EQ(backoff.attempts(), 1);
}
