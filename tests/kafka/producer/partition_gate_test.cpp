#include "producer/partition_gate.hpp"

#include <gtest/gtest.h>

namespace annals::kafka {
namespace {

using Time = PartitionGate::Time;

const Time start{std::chrono::hours{1}};
constexpr std::size_t requests_max = 3;
constexpr std::int32_t broker = 7;

class PartitionGates : public ::testing::Test {
 protected:
  /// Its first message is confirmed.
  void open(std::int32_t partition, std::int32_t by = broker) {
    ASSERT_TRUE(gate_.admit(partition, start));
    gate_.settle(partition, true, start, by);
  }
  void admit(std::size_t count, std::int32_t partition) {
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(gate_.admit(partition, start)) << i;
  }
  BrokerLoad load_{requests_max};
  PartitionGate gate_{load_};
};

TEST_F(PartitionGates, FirstMessageGoesAlone) {
  EXPECT_TRUE(gate_.admit(0, start));
  EXPECT_FALSE(gate_.admit(0, start));
  EXPECT_FALSE(gate_.room(0, start).batch);
  EXPECT_TRUE(gate_.admit(3, start)) << "each partition by itself";
}

TEST_F(PartitionGates, ConfirmationOpensIt) {
  open(0);
  EXPECT_EQ(gate_.room(0, start).single, PartitionGate::in_flight_max);
  EXPECT_TRUE(gate_.room(0, start).batch);
}

TEST_F(PartitionGates, FailureDoesNotOpenIt) {
  ASSERT_TRUE(gate_.admit(0, start));
  gate_.settle(0, false, start);
  EXPECT_TRUE(gate_.admit(0, start)) << "nothing is on its way";
  EXPECT_FALSE(gate_.admit(0, start));
}

TEST_F(PartitionGates, SilenceClosesItAgain) {
  open(0);
  const auto later = start + PartitionGate::confirmation_max;
  EXPECT_TRUE(gate_.admit(0, later));
  EXPECT_FALSE(gate_.admit(0, later));
  gate_.settle(0, true, later, broker);
  EXPECT_TRUE(gate_.admit(0, later));
  EXPECT_TRUE(gate_.admit(0, later));
}

TEST_F(PartitionGates, CountsWhatWasForced) {
  gate_.force(2);
  EXPECT_FALSE(gate_.admit(2, start));
  gate_.settle(2, true, start, broker);
  EXPECT_TRUE(gate_.admit(2, start));
}

/// librdkafka sends no sixth before an answer.
TEST_F(PartitionGates, NothingWaitsBehindFive) {
  open(1);
  admit(PartitionGate::in_flight_max, 1);
  EXPECT_FALSE(gate_.admit(1, start));
  EXPECT_FALSE(gate_.room(1, start).batch);
  gate_.settle(1, true, start, broker);
  EXPECT_EQ(gate_.room(1, start).single, 1U);
  EXPECT_TRUE(gate_.room(1, start).batch);
}

TEST_F(PartitionGates, ABatchCountsAsWhatItIs) {
  open(1);
  for (int i = 0; i < 100; ++i) gate_.force(1);
  for (int i = 0; i < 95; ++i) gate_.settle(1, true, start, broker);
  EXPECT_EQ(gate_.in_flight(1), PartitionGate::in_flight_max);
  EXPECT_EQ(gate_.room(1, start).single, 0U);
  gate_.settle(1, true, start, broker);
  EXPECT_EQ(gate_.room(1, start).single, 1U);
}

/// With more partitions than requests librdkafka has a request that waits, and asks for nothing.
TEST_F(PartitionGates, AllMayLeaveWhereAConnectionIsCrowded) {
  for (std::int32_t partition = 0; partition < 4; ++partition) open(partition);
  for (std::int32_t partition = 0; partition < 3; ++partition) admit(PartitionGate::in_flight_max, partition);
  EXPECT_FALSE(gate_.admit(0, start)) << "three partitions, three requests";
  admit(1, 3);
  admit(100, 0);
  gate_.settle(3, true, start, broker);
  EXPECT_FALSE(gate_.admit(0, start)) << "three again";
}

TEST_F(PartitionGates, CrowdedIsSaidOfEachBrokerAlone) {
  for (std::int32_t partition = 0; partition < 4; ++partition) open(partition, partition < 2 ? broker : broker + 1);
  for (std::int32_t partition = 0; partition < 4; ++partition) admit(1, partition);
  EXPECT_FALSE(load_.is_crowded(broker));
  EXPECT_FALSE(load_.is_crowded(broker + 1));
  gate_.force(0);
  gate_.settle(0, true, start, broker + 1);
  gate_.force(1);
  gate_.settle(1, true, start, broker + 1);
  EXPECT_TRUE(load_.is_crowded(broker + 1)) << "they have a new leader";
}

TEST_F(PartitionGates, NewPartitionsOfUnknownBrokersCrowdNobody) {
  for (std::int32_t partition = 0; partition < 10; ++partition) ASSERT_TRUE(gate_.admit(partition, start));
  EXPECT_FALSE(load_.is_crowded(BrokerLoad::unknown));
  EXPECT_FALSE(gate_.admit(0, start));
}

}  // namespace
}  // namespace annals::kafka
