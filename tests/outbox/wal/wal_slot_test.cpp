#include "wal/wal_slot.hpp"

#include <gtest/gtest.h>

#include "annals/outbox/message_log.hpp"

namespace annals::outbox {
namespace {

/// A relay of the next release looks for the slot by it, and would leave the old one behind.
TEST(WalSlotName, IsTheSameInEveryRelease) {
  EXPECT_EQ(wal_slot_name(message_log("annals"), "relay", "shop"), "annals_outbox_relay_867654b6");
}

}  // namespace
}  // namespace annals::outbox
