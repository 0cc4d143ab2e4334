#include <gmock/gmock.h>

#include "exactly_once_base.hpp"

namespace annals::tests {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

class ExactlyOnce : public ExactlyOnceBase {};

TEST_F(ExactlyOnce, PublishesEachMessageOnceAndTheRowFollows) {
  enqueue(0, 100);
  publish_exactly_once();
  enqueue(100, 10);
  publish_exactly_once();
  EXPECT_THAT(visible(), ElementsAreArray(numbers(0, 110)));
  EXPECT_EQ(row("position"), "110");
  postgres::Connection connection{database_.as("operator")};
  EXPECT_TRUE(outbox::read_relay_status(connection, {log_}).front().exactly_once);
  EXPECT_EQ(row("in_broker"), "true");
}

// A crash takes back what the row said: it was written without waiting for the disk.
TEST_F(ExactlyOnce, BelievesTheBrokerWhereTheRowIsBehind) {
  enqueue(0, 20);
  publish_exactly_once();
  execute(
      "UPDATE annals.relay_checkpoints SET position = 3,"
      " message_id = (SELECT message_id FROM annals.outbox WHERE position = 3)");
  enqueue(20, 5);
  publish_exactly_once();
  EXPECT_THAT(visible(), ElementsAreArray(numbers(0, 25)));
}

TEST_F(ExactlyOnce, ChangesToAtLeastOnceAndBackWithoutRepeating) {
  enqueue(0, 10);
  publish_at_least_once();
  enqueue(10, 10);
  publish_exactly_once();
  enqueue(20, 10);
  publish_at_least_once();
  EXPECT_EQ(row("in_broker"), "false");
  enqueue(30, 10);
  publish_exactly_once();
  EXPECT_THAT(visible(), ElementsAreArray(numbers(0, 40)));
}

TEST_F(ExactlyOnce, GoesOnWhereAnOperatorSays) {
  enqueue(0, 10);
  publish_exactly_once();
  {
    postgres::Connection connection{database_.as("operator")};
    (void)outbox::adopt_checkpoint(connection, log_, {.position = 8});
  }
  publish_exactly_once();
  auto expected = numbers(0, 10);
  expected.emplace_back("8");
  expected.emplace_back("9");
  EXPECT_THAT(visible(), ElementsAreArray(expected));
  publish_exactly_once();
  EXPECT_EQ(visible().size(), expected.size()) << "once said, once done";
}

TEST_F(ExactlyOnce, StopsWhenTheBrokerHasLostTheCheckpoint) {
  enqueue(0, 10);
  publish_exactly_once();
  checkpoints_ = create_topic(unique_topic("checkpoints"), 1, {{"cleanup.policy", "compact"}});
  const auto error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("has been lost"));
  EXPECT_THAT(error.hint(),
              HasSubstr("`annals relay repair relay --log outbox`, with the relay's own configuration by --config"));
  {
    postgres::Connection connection{database_.as("operator")};
    (void)outbox::adopt_checkpoint(connection, log_, {.position = 10});
  }
  enqueue(10, 1);
  publish_exactly_once();
  EXPECT_THAT(visible(), ElementsAreArray(numbers(0, 11)));
}

// A broker that lost what it had confirmed: an older record of the same generation is the last one.
TEST_F(ExactlyOnce, StopsWhenTheBrokersCheckpointHasGoneBack) {
  enqueue(0, 10);
  publish_exactly_once();
  const auto before = read_all(checkpoints_).back();
  enqueue(10, 10);
  publish_exactly_once();
  write_records(checkpoints_, {before});
  const auto error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("has gone back"));
}

TEST_F(ExactlyOnce, RefusesARecordThatIsNone) {
  enqueue(0, 1);
  publish_exactly_once();
  auto record = read_all(checkpoints_).back();
  record.value = "nonsense";
  write_records(checkpoints_, {record});
  EXPECT_EQ(refusal().kind(), ErrorKind::corrupt);
}

// The database was restored, or failed over: the broker's cursor is of another timeline.
TEST_F(ExactlyOnce, StopsWhereTheDatabaseIsOfAnotherHistory) {
  enqueue(0, 5);
  publish_exactly_once();
  auto record = read_all(checkpoints_).back();
  const auto timeline = row("timeline");
  const auto at = record.value.find(" " + timeline + " 5 ");
  ASSERT_NE(at, std::string::npos) << record.value;
  record.value.replace(at, timeline.size() + 1, " 77");
  write_records(checkpoints_, {record});
  const auto error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::corrupt);
  EXPECT_THAT(error.what(), HasSubstr("timeline 77"));
}

// Once it has let go of the log another may own it, and go on from the row.
TEST_F(ExactlyOnce, HandsOverARowThatIsNotBehind) {
  kafka::KafkaTransactionalSink sink{options()};
  outbox::Relay relay{database_.as("relay"), log_, sink, clock_, {}};
  for (int i = 0; i < 5; ++i) {
    enqueue(i, 1);
    step_until(relay, [&](const auto& report) { return report.checkpoint == i + 1; });
  }
  EXPECT_TRUE(relay.drain(5s));
  EXPECT_EQ(row("position"), "5");
  publish_at_least_once();
  EXPECT_THAT(visible(), ElementsAreArray(numbers(0, 5)));
}

// One that publishes at least once asks no broker: the row alone shuts its predecessor out.
TEST_F(ExactlyOnce, EndsWhenASuccessorHasTheRow) {
  enqueue(0, 1);
  publish_exactly_once();
  kafka::KafkaTransactionalSink sink{options()};
  outbox::Relay relay{database_.as("relay"), log_, sink, clock_, {}};
  (void)run_until_idle(relay);
  execute("UPDATE annals.relay_checkpoints SET epoch = epoch + 1, generation = NULL, in_broker = false");
  enqueue(1, 1);
  const auto error = error_of([&] { step_until(relay, [](const auto& report) { return report.checkpoint == 2; }); });
  EXPECT_EQ(error.kind(), ErrorKind::disconnected);
  EXPECT_THAT(error.what(), HasSubstr("has taken"));
}

// The one that is frozen in the middle of a transaction wakes up and publishes nothing.
TEST_F(ExactlyOnce, AZombiePublishesNothing) {
  enqueue(0, 20);
  kafka::KafkaTransactionalSink sink{options()};
  std::optional<outbox::Relay> frozen;
  bool done = false;
  frozen.emplace(database_.as("relay"), log_, sink, clock_, outbox::RelayOptions{.at_point = [&](std::string_view at) {
                   if (at != "checkpoint" || std::exchange(done, true)) return;
                   // Its session ends while it sleeps, and another relay takes over.
                   execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '%relay%'");
                   publish_exactly_once();
                   enqueue(20, 5);
                   publish_exactly_once();
                 }});
  EXPECT_THROW(run_until_idle(*frozen), Error);
  frozen.reset();
  EXPECT_TRUE(done);
  EXPECT_THAT(visible(), ElementsAreArray(numbers(0, 25)));
}

}  // namespace
}  // namespace annals::tests
