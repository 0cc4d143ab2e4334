#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "annals/outbox/status.hpp"
#include "relay_test_base.hpp"
#include "support/end_session.hpp"

namespace annals::tests {
namespace {

using testing::ElementsAreArray;

class RelayOwnership : public RelayTestBase {
 protected:
  static outbox::RelayOptions eager() { return {.standby_poll = 1ms}; }
  int owner_pid() {
    postgres::Connection connection{database_.database()};
    const auto relays = outbox::read_relay_status(connection, {log_});
    return relays.size() == 1 && relays[0].owner ? relays[0].owner->pid : 0;
  }
};

TEST_F(RelayOwnership, IsOfOneRelayAtATime) {
  RecordingSink first_sink;
  RecordingSink second_sink;
  auto first = relay(first_sink, eager());
  auto second = relay(second_sink, eager());
  run_until_idle(first);
  enqueue_numbers(0, 10);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(second.step(1ms).state, State::standby);
  run_until_idle(first);
  EXPECT_THAT(payloads(first_sink), ElementsAreArray(numbers(0, 10)));
  EXPECT_TRUE(second_sink.received.empty());
}

TEST_F(RelayOwnership, IsHandedOverByDrain) {
  RecordingSink first_sink;
  RecordingSink second_sink;
  auto first = relay(first_sink, eager());
  auto second = relay(second_sink, eager());
  enqueue_numbers(0, 10);
  run_until_idle(first);
  EXPECT_EQ(second.step(1ms).state, State::standby);
  EXPECT_TRUE(first.drain(1s));
  enqueue_numbers(10, 10);
  run_until_idle(second);
  EXPECT_THAT(payloads(first_sink), ElementsAreArray(numbers(0, 10)));
  EXPECT_THAT(payloads(second_sink), ElementsAreArray(numbers(10, 10)));
}

TEST_F(RelayOwnership, IsPerRelayName) {
  enqueue_numbers(0, 3);
  RecordingSink first_sink;
  RecordingSink second_sink;
  auto first = relay(first_sink, {.name = "first"});
  auto second = relay(second_sink, {.name = "second", .start = outbox::Start{}});
  run_until_idle(first);
  run_until_idle(second);
  EXPECT_EQ(first_sink.positions(), second_sink.positions());
}

TEST_F(RelayOwnership, PassesOnWhenTheOwnersSessionIsKilledAndNothingIsLost) {
  enqueue_numbers(0, 100);
  RecordingSink first_sink{{.stalled = true}};
  RecordingSink second_sink;
  auto first = relay(first_sink, eager());
  auto second = relay(second_sink, eager());
  first.step(20ms);  // 100 messages in flight, nothing acknowledged
  EXPECT_EQ(second.step(1ms).state, State::standby);
  postgres::Connection administrator{database_.superuser()};
  end_session(administrator, owner_pid());
  run_until_idle(second);
  EXPECT_THAT(payloads(second_sink), ElementsAreArray(numbers(0, 100)));

  first_sink.options().stalled = false;  // the former owner's messages arrive late, its checkpoint does not
  EXPECT_EQ(error_of([&] { run_until_idle(first); }).kind(), ErrorKind::disconnected);
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "100");
}

// A producer keeps statistics and errors for whoever polls it, also while it has nothing to send.
TEST_F(RelayOwnership, LeavesNoSinkUnheardThatStandsBy) {
  RecordingSink first_sink;
  RecordingSink second_sink;
  auto first = relay(first_sink, eager());
  auto second = relay(second_sink, {.standby_poll = 1h});
  run_until_idle(first);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(second.step(0ms).state, State::standby);
  EXPECT_GE(second_sink.polls, 20U);
}

/// Reports nothing before `takes` has passed since the first message.
class SlowSink final : public outbox::Sink {
 public:
  explicit SlowSink(std::chrono::milliseconds takes) : takes_(takes) {}
  Send send(const outbox::MessageView& message) override {
    if (sent_.empty()) due_ = std::chrono::steady_clock::now() + takes_;
    sent_.push_back(message.ticket);
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    std::this_thread::sleep_until(std::min(due_, std::chrono::steady_clock::now() + wait));
    if (std::chrono::steady_clock::now() < due_) return;
    for (const auto ticket : std::exchange(sent_, {}))
      deliveries.push_back({ticket, outbox::Delivery::Outcome::delivered, {}});
  }

 private:
  std::chrono::milliseconds takes_;
  std::chrono::steady_clock::time_point due_;
  std::vector<std::int64_t> sent_;
};

TEST_F(RelayOwnership, OutlastsItsLeaseInADrain) {
  enqueue_numbers(0, 3);
  auto database = database_.database();
  database.ownership_lease = 1s;
  SlowSink sink{3s};
  outbox::Relay owner{database, log_, sink, clock_, eager()};
  (void)owner.step(0ms);
  EXPECT_TRUE(owner.drain(60s));
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "3");
}

TEST_F(RelayOwnership, EndsWithTheRelay) {
  RecordingSink sink;
  {
    auto first = relay(sink, eager());
    run_until_idle(first);
    EXPECT_NE(owner_pid(), 0);
  }
  auto second = relay(sink, eager());
  run_until_idle(second);
  EXPECT_NE(owner_pid(), 0);
}

}  // namespace
}  // namespace annals::tests
