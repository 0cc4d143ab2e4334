#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "annals/postgres/log_table.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

/// How the relay waits: for writers, and for transactions in its way.
class RelayWaiting : public RelayTestBase {
 protected:
  /// True once the relay's second session holds the bell: from then on writers ring.
  bool bell_is_held() {
    return scalar(
               "WITH bell AS (SELECT hashtextextended('annals:bell:annals.outbox' COLLATE \"C\", 0) AS key) "
               "SELECT count(*) FROM pg_locks l, bell b WHERE l.locktype = 'advisory' AND l.granted "
               "AND l.mode = 'ExclusiveLock' AND l.objsubid = 1 "
               "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
               "AND l.classid = ((b.key >> 32) & 4294967295)::oid AND l.objid = (b.key & 4294967295)::oid") == "1";
  }
  void step_until_listening(outbox::Relay& relay) {
    run_until_idle(relay);
    while (!bell_is_held()) relay.step(1ms);
    relay.step(1ms);  // the read after the bell was taken
  }
};

TEST_F(RelayWaiting, IsWokenByTheCommitAndNotByTheClock) {
  RecordingSink sink;
  auto relay = this->relay(sink, {.poll_interval = 1h});
  for (int round = 0; round < 20; ++round) {
    step_until_listening(relay);
    // An hour: only the bell can end this step.
    auto waiting = std::async(std::launch::async, [&] { return relay.step(1h); });
    enqueue("k", std::to_string(round));
    const auto report = waiting.get();
    EXPECT_EQ(report.read, 1U) << "one step woke up and read the message";
  }
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 20)));
}

TEST_F(RelayWaiting, GivesTheBellBackWhileItIsBusy) {
  RecordingSink sink;
  auto relay = this->relay(sink, {.batch_rows_max = 10});
  step_until_listening(relay);
  ASSERT_TRUE(bell_is_held());
  enqueue_numbers(0, 400);
  step_until(relay, [](const auto& report) { return report.acknowledged >= 10; });
  EXPECT_FALSE(bell_is_held()) << "writers pay for a NOTIFY that nobody needs";
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 400)));
}

TEST_F(RelayWaiting, NamesTheTransactionThatIsInItsWay) {
  // A role sees what its own sessions do; of others' it needs pg_read_all_stats to see more than pid and role.
  const auto holder = postgres::open_pqxx(database_.database());
  RecordingSink sink;
  outbox::Relay relay{database_.database(), log_, sink, clock_, {}};
  {
    pqxx::work open{*holder};
    outbox_.enqueue(open, message("slow", "first"));
    enqueue("k", "second");
    const auto report = step_until(relay, [](const auto& r) { return !r.blockers.empty(); });
    EXPECT_EQ(report.state, State::blocked);
    ASSERT_EQ(report.blockers.size(), 1U);
    EXPECT_EQ(report.blockers[0].pid, postgres::backend_pid(open));
    EXPECT_EQ(report.blockers[0].state, "idle in transaction");
    EXPECT_THAT(report.blockers[0].query, HasSubstr("outbox"));
    EXPECT_EQ(payloads(sink), (std::vector<std::string>{"second"})) << "it delays no message but its own";
    open.commit();
  }
  EXPECT_TRUE(run_until_idle(relay).blockers.empty());
  EXPECT_EQ(payloads(sink), (std::vector<std::string>{"second", "first"}));
}

TEST_F(RelayWaiting, IgnoresTransactionsThatWroteElsewhere) {
  postgres::Connection{database_.database()}.execute("CREATE TABLE public.business (id int)");
  const auto holder = postgres::open_pqxx(database_.database());
  pqxx::work open{*holder};
  open.exec("INSERT INTO public.business VALUES (1)");
  open.exec("SELECT count(*) FROM annals.outbox");
  enqueue("k", "0");
  {
    pqxx::work tx{*writer_};
    outbox_.enqueue(tx, message("k", "rolled back"));
  }
  enqueue("k", "1");
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_EQ(payloads(sink), (std::vector<std::string>{"0", "1"}));
}

/// Confirms nothing, and waits as long as it may.
class StalledSink final : public outbox::Sink {
 public:
  Send send(const outbox::MessageView&) override { return Send::accepted; }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>&) override {
    std::this_thread::sleep_for(wait);
  }
};

TEST_F(RelayWaiting, RestsWhileNothingIsConfirmed) {
  enqueue_numbers(0, 300);
  StalledSink sink;
  auto relay = this->relay(sink, {.batch_rows_max = 64, .in_flight_max = 64});
  for (int i = 0; i < 20; ++i) (void)relay.step(1ms);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) (void)relay.step(100ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 250ms) << "it looked again and again";
}

/// As a sink does that asks the other side about each message.
class SlowSink final : public outbox::Sink {
 public:
  Send send(const outbox::MessageView& message) override {
    std::this_thread::sleep_for(30ms);
    sent_.push_back(message.ticket);
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds, std::vector<outbox::Delivery>& deliveries) override {
    for (const auto ticket : std::exchange(sent_, {})) {
      deliveries.push_back({.ticket = ticket, .outcome = outbox::Delivery::Outcome::delivered});
    }
  }

 private:
  std::vector<std::int64_t> sent_;
};

TEST_F(RelayWaiting, StaysTheOwnerWhileMessagesTakeLongToSend) {
  enqueue_numbers(0, 60);
  auto database = database_.as("relay");
  database.ownership_lease = 1s;
  SlowSink sink;
  outbox::Relay relay{database, log_, sink, clock_, {}};
  EXPECT_NO_THROW(run_until_idle(relay));
  EXPECT_EQ(scalar("SELECT max(position) FROM annals.relay_checkpoints"), "60");
}

}  // namespace
}  // namespace annals::tests
