#include "producer/partition_gate.hpp"

#include <gtest/gtest.h>

namespace annals::kafka {
namespace {

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
  gate.force(2);
  EXPECT_FALSE(gate.admit(2, start));
  gate.settle(2, true, start);
  EXPECT_TRUE(gate.admit(2, start));
}

}  // namespace
}  // namespace annals::kafka
