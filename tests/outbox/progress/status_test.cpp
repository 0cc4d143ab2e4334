#include "annals/outbox/status.hpp"

#include <gmock/gmock.h>

#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

class OutboxStatus : public RelayTestBase {
 protected:
  outbox::OutboxStatus status() { return outbox::read_outbox_status(connection_, "annals"); }
  std::vector<outbox::RelayStatus> relays() { return outbox::read_relay_status(connection_, {log_}); }
  postgres::Connection connection_{database_.as("doctor")};
};

TEST_F(OutboxStatus, OfAnEmptyOutboxIsEmpty) {
  EXPECT_EQ(status().last_position, 0);
  EXPECT_EQ(status().rows_estimated, 0);
  EXPECT_FALSE(status().oldest_unpublished_age.has_value());
  EXPECT_TRUE(relays().empty());
}

TEST_F(OutboxStatus, ShowsWhatIsNotPublishedYet) {
  enqueue_numbers(0, 10);
  execute("ANALYZE annals.outbox");
  EXPECT_EQ(status().last_position, 10);
  EXPECT_EQ(status().rows_estimated, 10);
  EXPECT_GT(status().size_bytes, 0);
  EXPECT_TRUE(status().oldest_unpublished_age.has_value());
}

TEST_F(OutboxStatus, ShowsEveryRelayWithItsOwnerAndLag) {
  enqueue_numbers(0, 10);
  RecordingSink sink;
  auto named = database_.database();
  named.application_name = "relay-under-test";
  outbox::Relay relay{named, log_, sink, clock_, {.name = "main"}};
  run_until_idle(relay);
  EXPECT_FALSE(status().oldest_unpublished_age.has_value());
  enqueue_numbers(10, 3);

  const auto all = relays();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].relay, "main");
  EXPECT_EQ(all[0].log, "outbox");
  EXPECT_EQ(all[0].position, 10);
  EXPECT_EQ(all[0].lag_messages, 3);
  EXPECT_TRUE(all[0].oldest_age.has_value());
  EXPECT_EQ(all[0].system_identifier, scalar("SELECT system_identifier FROM pg_control_system()"));
  ASSERT_TRUE(all[0].owner.has_value());
  EXPECT_EQ(all[0].owner->application_name, "relay-under-test");
  EXPECT_GT(all[0].owner->pid, 0);
}

TEST_F(OutboxStatus, ShowsNoOwnerWhenTheRelayIsGone) {
  enqueue_numbers(0, 1);
  {
    RecordingSink sink;
    auto relay = this->relay(sink);
    run_until_idle(relay);
    relay.drain(1s);
  }
  ASSERT_EQ(relays().size(), 1U);
  EXPECT_FALSE(relays()[0].owner.has_value());
  EXPECT_EQ(relays()[0].lag_messages, 0);
  EXPECT_FALSE(relays()[0].oldest_age.has_value());
}

}  // namespace
}  // namespace annals::tests
