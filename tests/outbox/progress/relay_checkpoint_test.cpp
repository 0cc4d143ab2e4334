#include <fmt/format.h>
#include <gmock/gmock.h>

#include <future>
#include <memory>

#include "annals/outbox/status.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::ElementsAreArray;
using testing::HasSubstr;

class RelayCheckpoint : public RelayTestBase {
 protected:
  void publish(int first, int count) {
    enqueue_numbers(first, count);
    RecordingSink sink;
    auto relay = this->relay(sink);
    run_until_idle(relay);
  }
  Error refusal() {
    RecordingSink sink;
    auto relay = this->relay(sink);
    auto error = error_of([&] { relay.step(0ms); });
    EXPECT_TRUE(sink.received.empty());
    return error;
  }
  /// A transaction that has enqueued and is open.
  std::unique_ptr<postgres::Connection> open_enqueue(const std::string& payload) {
    auto connection = std::make_unique<postgres::Connection>(database_.database());
    connection->execute(
        fmt::format("BEGIN; INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) VALUES "
                    "(gen_random_uuid(), 1, 'orders', 'k', 'T', '{}')",
                    payload));
    return connection;
  }
  /// Until a relay has looked where the log ends and waits for those who may still write below.
  void await_a_proof() {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
                  "pg_backend_pid() AND query LIKE '%RowExclusiveLock%'") == "0") {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
  }
  outbox::RelayStatus adopt(std::optional<std::int64_t> position = std::nullopt) {
    postgres::Connection connection{database_.as("operator")};
    return outbox::adopt_checkpoint(connection, log_, {.position = position});
  }
};

TEST_F(RelayCheckpoint, IsWrittenOnlyNowAndThenWhileBusyAndAtOnceWhenIdle) {
  enqueue_numbers(0, 1000);
  int writes = 0;
  RecordingSink sink;
  auto relay =
      this->relay(sink, {.batch_rows_max = 10, .checkpoint_interval = 1h, .at_point = [&](std::string_view at) {
                           writes += at == "checkpointed" ? 1 : 0;
                         }});
  const auto report = run_until_idle(relay);
  EXPECT_EQ(report.checkpoint, 1000);
  EXPECT_EQ(writes, 1);
}

TEST_F(RelayCheckpoint, NamesThePointsOfAStepInTheirOrder) {
  enqueue_numbers(0, 3);
  std::vector<std::string> points;
  RecordingSink sink;
  auto relay = this->relay(sink, {.at_point = [&](std::string_view at) { points.emplace_back(at); }});
  run_until_idle(relay);
  EXPECT_THAT(points, testing::ElementsAre("read", "sent", "delivered", "checkpoint", "checkpointed"));
}

TEST_F(RelayCheckpoint, OfAnotherClusterIsRefused) {
  publish(0, 5);
  execute("UPDATE annals.relay_checkpoints SET system_identifier = '1'");
  const auto error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("cluster 1"), HasSubstr(scalar("SELECT system_identifier FROM pg_control_system()"))));
  EXPECT_THAT(error.hint(), HasSubstr("annals relay repair relay"));
}

TEST_F(RelayCheckpoint, OfAnotherHistoryIsRefused) {
  publish(0, 5);
  execute("UPDATE annals.relay_checkpoints SET message_id = '01890000-0000-7000-8000-000000000001'");
  const auto error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("01890000-0000-7000-8000-000000000001"),
                                  HasSubstr(scalar("SELECT message_id FROM annals.outbox WHERE position = 5"))));
}

// A standby that was promoted lacks what it had not received, and its checkpoint lacks the same: nothing but the timeline
// tells.
TEST_F(RelayCheckpoint, OfAnotherTimelineIsRefused) {
  publish(0, 5);
  const auto timeline = scalar("SELECT timeline FROM annals.relay_checkpoints");
  execute("UPDATE annals.relay_checkpoints SET timeline = '77'");
  const auto error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("timeline 77"), HasSubstr("this is timeline " + timeline)));
  EXPECT_THAT(error.hint(), HasSubstr("`annals relay repair relay --log outbox`"));
}

/// What is committed below the position after it was adopted would be published by nobody.
TEST_F(RelayCheckpoint, IsNotAdoptedBesideATransactionThatMayWriteBelowIt) {
  publish(0, 2);
  postgres::Connection slow{database_.database()};
  slow.execute(
      "BEGIN; INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) VALUES (gen_random_uuid(), 1, "
      "'t', 'slow', '')");
  enqueue_numbers(3, 2);
  postgres::Connection connection{database_.as("operator")};
  for (const auto position : {std::optional<std::int64_t>{4}, std::optional<std::int64_t>{}}) {
    const auto error = error_of(
        [&] { (void)outbox::adopt_checkpoint(connection, log_, {.position = position, .settle_timeout = 50ms}); });
    EXPECT_EQ(error.kind(), ErrorKind::overloaded);
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("pid {}", slow.backend_pid())));
  }
  EXPECT_EQ(adopt(0).position, 0) << "nothing is passed over";
  slow.execute("COMMIT");
  EXPECT_EQ(adopt(4).position, 4);
}

TEST_F(RelayCheckpoint, DoesNotStartBesideATransactionThatMayWriteBelowIt) {
  postgres::Connection slow{database_.database()};
  slow.execute(
      "BEGIN; INSERT INTO annals.outbox (message_id, content_type, topic, type, payload) VALUES (gen_random_uuid(), 1, "
      "'t', 'slow', '')");
  enqueue_numbers(1, 3);
  RecordingSink sink;
  const outbox::RelayOptions options{.start = outbox::Start{.at = outbox::Start::At::position, .position = 3},
                                     .start_timeout = 50ms};
  {
    auto relay = this->relay(sink, options);
    EXPECT_EQ(error_of([&] { (void)relay.step(0ms); }).kind(), ErrorKind::overloaded);
  }
  slow.execute("COMMIT");
  auto relay = this->relay(sink, options);
  run_until_idle(relay);
  EXPECT_EQ(sink.received.size(), 1U);
}

/// What was committed since the end was proven is proven by nothing: beside it something may still be open.
TEST_F(RelayCheckpoint, StartsNoFurtherThanWhatWasSettled) {
  for (const auto& start : {outbox::Start{.at = outbox::Start::At::end},
                            outbox::Start{.at = outbox::Start::At::position, .position = 900}}) {
    auto early = open_enqueue("early");
    enqueue("k", "settled");
    RecordingSink sink;
    auto relay = this->relay(sink, {.name = fmt::format("relay-{}", start.position), .start = start});
    auto first_step = std::async(std::launch::async, [&] { return relay.step(0ms); });
    await_a_proof();
    auto late = open_enqueue("late");
    enqueue("k", "after");
    early->execute("COMMIT");
    (void)first_step.get();
    late->execute("COMMIT");
    run_until_idle(relay);
    EXPECT_EQ(payloads(sink), (std::vector<std::string>{"late", "after"}));
  }
}

TEST_F(RelayCheckpoint, OfAnotherTimelineIsTakenWhenToldSo) {
  publish(0, 5);
  const auto timeline = scalar("SELECT timeline FROM annals.relay_checkpoints");
  execute("UPDATE annals.relay_checkpoints SET timeline = '77'");
  enqueue_numbers(5, 2);
  RecordingSink sink;
  {
    auto relay = this->relay(sink, {.accept_timeline = "78"});
    EXPECT_EQ(error_of([&] { relay.step(0ms); }).kind(), ErrorKind::corrupt) << "another timeline than this one";
  }
  auto relay = this->relay(sink, {.accept_timeline = timeline});
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(5, 2)));
  EXPECT_EQ(scalar("SELECT timeline FROM annals.relay_checkpoints"), timeline);
}

TEST_F(RelayCheckpoint, OfAnotherTimelineCanBeAdopted) {
  publish(0, 5);
  execute("UPDATE annals.relay_checkpoints SET timeline = '77'");
  adopt();
  publish(5, 2);
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "7");
}

TEST_F(RelayCheckpoint, OfANewNameBesideOthersNeedsAStart) {
  publish(0, 5);
  RecordingSink sink;
  for (int i = 0; i < 2; ++i) {  // the first attempt must not make the second one pass
    auto mistyped = this->relay(sink, {.name = "ralay"});
    const auto error = error_of([&] { mistyped.step(0ms); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("\"ralay\""), HasSubstr("\"relay\"")));
  }
  EXPECT_TRUE(sink.received.empty());
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_checkpoints"), "1");
  auto second = this->relay(sink, {.name = "second", .start = outbox::Start{.at = outbox::Start::At::end}});
  run_until_idle(second);
  EXPECT_TRUE(sink.received.empty());
  enqueue_numbers(5, 2);
  run_until_idle(second);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(5, 2)));
}

TEST_F(RelayCheckpoint, OfAKnownNameDoesNotMindTheStart) {
  publish(0, 5);
  enqueue_numbers(5, 2);
  RecordingSink sink;
  auto relay = this->relay(sink, {.start = outbox::Start{}});
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(5, 2)));
}

TEST_F(RelayCheckpoint, AheadOfTheLogIsRefused) {
  publish(0, 5);
  execute("UPDATE annals.relay_checkpoints SET position = 900");
  EXPECT_EQ(refusal().kind(), ErrorKind::corrupt);
  const auto error = error_of([&] { adopt(); });
  EXPECT_THAT(error.what(), AllOf(HasSubstr("900"), HasSubstr("ends at 5")));
}

TEST_F(RelayCheckpoint, CanBeAdopted) {
  publish(0, 5);
  execute("UPDATE annals.relay_checkpoints SET system_identifier = '1', message_id = gen_random_uuid()");
  EXPECT_EQ(adopt().position, 5);
  publish(5, 3);
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "8");
}

TEST_F(RelayCheckpoint, CanBeSetToPublishAgain) {
  publish(0, 5);
  const auto status = adopt(2);
  EXPECT_EQ(status.position, 2);
  EXPECT_EQ(status.lag_messages, 3);
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(2, 3)));
}

TEST_F(RelayCheckpoint, CanBeMadeBeforeTheFirstRunToStartLater) {
  enqueue_numbers(0, 5);
  EXPECT_THAT(error_of([&] { adopt(); }).what(), HasSubstr("no checkpoint"));
  EXPECT_EQ(adopt(5).position, 5);
  enqueue_numbers(5, 2);
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(5, 2)));
}

TEST_F(RelayCheckpoint, IsNotAdoptedFromARunningRelay) {
  enqueue_numbers(0, 5);
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  const auto error = error_of([&] { adopt(0); });
  EXPECT_EQ(error.kind(), ErrorKind::overloaded);
  EXPECT_THAT(error.what(), HasSubstr("running"));
}

TEST_F(RelayCheckpoint, WrittenBySomebodyElseStopsTheRelay) {
  enqueue_numbers(0, 5);
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  execute("UPDATE annals.relay_checkpoints SET position = 2");
  enqueue_numbers(5, 1);
  EXPECT_EQ(error_of([&] {
              run_until_idle(relay);
              relay.drain(1s);
            }).kind(),
            ErrorKind::corrupt);
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "2");
}

TEST_F(RelayCheckpoint, SaysWhenATriggerSwallowsTheOneThatIsAdopted) {
  enqueue_numbers(0, 5);
  execute(
      "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
      "CREATE TRIGGER swallow BEFORE INSERT ON annals.relay_checkpoints FOR EACH ROW EXECUTE FUNCTION "
      "public.swallow()");
  EXPECT_THAT(error_of([&] { adopt(5); }).what(), HasSubstr("was not kept"));
}

}  // namespace
}  // namespace annals::tests
