#include "admission/throttle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"
#include "support/error_of.hpp"

namespace annals::outbox {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using TimePoint = Throttle::TimePoint;
using Seconds = std::chrono::duration<double>;

/// How long `count` messages take, each sent as soon as it may.
double seconds_for(Throttle& throttle, const std::string& topic, int count, std::size_t bytes = 100) {
  const TimePoint start{10s};
  auto now = start;
  for (int i = 0; i < count; ++i) {
    now += throttle.wait(topic, now);
    EXPECT_EQ(throttle.wait(topic, now), Throttle::Duration::zero());
    throttle.take(topic, bytes);
  }
  return Seconds{now - start}.count();
}

TEST(Throttle, LetsEverythingThroughWithoutLimits) {
  Throttle throttle{{}};
  EXPECT_EQ(seconds_for(throttle, "t", 10'000), 0);
}

TEST(Throttle, KeepsToItsMeanButForABurst) {
  Throttle throttle{{{.topic = "*", .messages_per_second = 100}}};
  EXPECT_NEAR(seconds_for(throttle, "t", 1'000), (1'000 - 10) / 100.0, 0.05);
}

TEST(Throttle, SavesNoMoreThanABurst) {
  Throttle throttle{{{.topic = "*", .messages_per_second = 100}}};
  EXPECT_EQ(throttle.wait("t", TimePoint{10s}), Throttle::Duration::zero());
  int sent = 0;
  for (; throttle.wait("t", TimePoint{3'600s}) == Throttle::Duration::zero(); ++sent) throttle.take("t", 1);
  EXPECT_EQ(sent, 10);
}

TEST(Throttle, HoldsBackAlsoAtARateThatIsNearlyNone) {
  Throttle throttle{{{.topic = "*", .messages_per_second = 1e-12}}};
  throttle.take("t", 1);
  EXPECT_GT(throttle.wait("t", TimePoint{10s}), 60s);
}

TEST(Throttle, CountsBytes) {
  Throttle throttle{{{.topic = "*", .bytes_per_second = 10'000}}};
  EXPECT_NEAR(seconds_for(throttle, "t", 1'000, 100), 10, 0.2);
}

TEST(Throttle, LetsAMessageThroughThatIsLargerThanTheLimit) {
  Throttle throttle{{{.topic = "*", .bytes_per_second = 1'000}}};
  EXPECT_NEAR(seconds_for(throttle, "t", 3, 5'000), 10, 0.2);
}

TEST(Throttle, OfOneTopicLeavesOthersAlone) {
  Throttle throttle{{{.topic = "slow", .messages_per_second = 10}}};
  EXPECT_EQ(seconds_for(throttle, "other", 1'000), 0);
  EXPECT_NEAR(seconds_for(throttle, "slow", 101), 10, 0.2);
}

TEST(Throttle, ObeysTheTighterOfTwoLimits) {
  Throttle throttle{{{.topic = "*", .messages_per_second = 1'000}, {.topic = "slow", .messages_per_second = 10}}};
  EXPECT_NEAR(seconds_for(throttle, "slow", 101), 10, 0.2);
}

TEST(Throttle, CountsMessagesAndBytesOfATopic) {
  const RateLimit slow{.topic = "slow", .messages_per_second = 100, .bytes_per_second = 10'000};
  Throttle large{{slow}};
  EXPECT_NEAR(seconds_for(large, "slow", 101, 1'000), 10, 0.2) << "its bytes";
  EXPECT_EQ(seconds_for(large, "other", 1'000, 1'000), 0);
  Throttle small{{slow}};
  EXPECT_NEAR(seconds_for(small, "slow", 1'010, 1), 10, 0.2) << "its messages";
}

TEST(Throttle, RefusesWhatCannotBeMeant) {
  const auto refusal = [](std::vector<RateLimit> limits) { return tests::error_of([&] { (void)Throttle{limits}; }); };
  EXPECT_THAT(refusal({{.topic = "t", .messages_per_second = -1}}).what(), HasSubstr("not numbers from 0 on"));
  EXPECT_THAT(refusal({{.topic = "t", .messages_per_second = 1}, {.topic = "t", .messages_per_second = 2}}).what(),
              HasSubstr("two limits for topic t"));
  EXPECT_EQ(refusal({{.topic = "no topic", .messages_per_second = 1}}).kind(), ErrorKind::invalid);
}

}  // namespace
}  // namespace annals::outbox
