#include "producer/partition_gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace annals::kafka {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const PartitionGate::Time start{std::chrono::hours{1}};

TEST(PartitionGate, FirstMessageGoesAlone) {
  PartitionGate gate;
  EXPECT_TRUE(gate.admit(0, start));
  EXPECT_FALSE(gate.admit(0, start));
  EXPECT_TRUE(gate.admit(3, start)) << "each partition by itself";
}

TEST(PartitionGate, ConfirmationOpensIt) {
  PartitionGate gate;
  ASSERT_TRUE(gate.admit(0, start));
  gate.settle(0, true, start);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(gate.admit(0, start));
}

TEST(PartitionGate, FailureDoesNotOpenIt) {
  PartitionGate gate;
  ASSERT_TRUE(gate.admit(0, start));
  gate.settle(0, false, start);
  EXPECT_TRUE(gate.admit(0, start)) << "nothing is on its way";
  EXPECT_FALSE(gate.admit(0, start));
}

TEST(PartitionGate, SilenceClosesItAgain) {
  PartitionGate gate;
  ASSERT_TRUE(gate.admit(0, start));
  gate.settle(0, true, start);
  const auto later = start + PartitionGate::confirmation_max;
  EXPECT_TRUE(gate.admit(0, later));
  EXPECT_FALSE(gate.admit(0, later));
  gate.settle(0, true, later);
  EXPECT_TRUE(gate.admit(0, later));
  EXPECT_TRUE(gate.admit(0, later));
}

TEST(PartitionGate, CountsWhatWasForced) {
  PartitionGate gate;
  gate.force(2, start);
  EXPECT_FALSE(gate.admit(2, start));
  gate.settle(2, true, start);
  EXPECT_TRUE(gate.admit(2, start));
}

class PartitionGatePauses : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(gate_.admit(1, start));
    gate_.settle(1, true, start);
  }
  void send(std::size_t count, PartitionGate::Time now) {
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(gate_.admit(1, now));
  }
  PartitionGate gate_;
  const PartitionGate::Time late_ = start + PartitionGate::patience;
};

TEST_F(PartitionGatePauses, WhatGetsNoAnswer) {
  send(PartitionGate::unanswered_max + 1, start);
  EXPECT_THAT(gate_.tend(late_ - milliseconds{1}).pause, IsEmpty());
  const auto changes = gate_.tend(late_);
  EXPECT_THAT(changes.pause, ElementsAre(1));
  EXPECT_THAT(changes.resume, IsEmpty());
  EXPECT_THAT(gate_.tend(late_).pause, IsEmpty()) << "once";
}

TEST_F(PartitionGatePauses, NothingBehindWhichLibrdkafkaSends) {
  send(PartitionGate::unanswered_max, start);
  EXPECT_THAT(gate_.tend(late_ + std::chrono::hours{1}).pause, IsEmpty());
}

TEST_F(PartitionGatePauses, PatienceBeginsWithTheFirstMessageAndWithEachAnswer) {
  send(PartitionGate::unanswered_max + 2, late_);
  EXPECT_THAT(gate_.tend(late_ + milliseconds{1}).pause, IsEmpty());
  gate_.settle(1, true, late_ + milliseconds{2});
  EXPECT_THAT(gate_.tend(late_ + PartitionGate::patience).pause, IsEmpty());
  EXPECT_THAT(gate_.tend(late_ + milliseconds{2} + PartitionGate::patience).pause, ElementsAre(1));
}

TEST_F(PartitionGatePauses, UntilTheNextAnswer) {
  send(PartitionGate::unanswered_max + 1, start);
  ASSERT_THAT(gate_.tend(late_).pause, ElementsAre(1));
  gate_.settle(1, true, late_ + milliseconds{1});
  EXPECT_THAT(gate_.tend(late_ + milliseconds{1}).resume, ElementsAre(1));
  EXPECT_THAT(gate_.tend(late_ + std::chrono::hours{1}).resume, IsEmpty()) << "once";
}

/// Many partitions of a connection wait for their turn. That is no slow answer.
TEST_F(PartitionGatePauses, NothingWhoseBrokerAnswersOthers) {
  ASSERT_TRUE(gate_.admit(1, start));
  gate_.settle(1, true, start, 7);
  send(PartitionGate::unanswered_max + 1, start);
  EXPECT_THAT(gate_.tend(late_, {{7, late_ - milliseconds{1}}}).pause, IsEmpty());
  EXPECT_THAT(gate_.tend(late_, {{7, start}, {8, late_}}).pause, ElementsAre(1)) << "its own, not another";
  EXPECT_THAT(gate_.tend(late_ + milliseconds{2}, {{7, late_ + milliseconds{1}}}).resume, ElementsAre(1));
}

/// A broken connection gives messages back without a word; nobody sends them again in a partition that stays paused.
TEST_F(PartitionGatePauses, NoLongerThanTheirLimit) {
  send(PartitionGate::unanswered_max + 1, start);
  ASSERT_THAT(gate_.tend(late_).pause, ElementsAre(1));
  const auto end = late_ + PartitionGate::pause_max;
  EXPECT_THAT(gate_.tend(end - milliseconds{1}).resume, IsEmpty());
  EXPECT_THAT(gate_.tend(end).resume, ElementsAre(1));
  EXPECT_THAT(gate_.tend(end + milliseconds{1}).pause, IsEmpty()) << "a while to send in";
  EXPECT_THAT(gate_.tend(end + PartitionGate::patience).pause, ElementsAre(1));
}

}  // namespace
}  // namespace annals::kafka
