// What a relay sets aside, what waits behind it, and how it comes back.
#include <gmock/gmock.h>

#include <set>

#include "annals/outbox/parked.hpp"
#include "annals/outbox/status.hpp"
#include "relay_parking_base.hpp"

namespace annals::tests {
namespace {

using outbox::ParkedAction;
using outbox::PoisonPolicy;
using testing::AllOf;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RelayParking : public RelayParkingBase {};

TEST_F(RelayParking, ParksAKeyAndWhatComesAfterItAndPublishesTheRest) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAre("2"));
  EXPECT_THAT(sink.received, SizeIs(17));
  EXPECT_THAT(parked_positions(), ElementsAre(8, 13, 18));
  EXPECT_THAT(parked()[0].reason, HasSubstr("too large"));
  EXPECT_EQ(parked()[1].reason, "");
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "20");
  enqueue_numbers(20, 5);
  publish(sink);
  EXPECT_THAT(parked_positions(), ElementsAre(8, 13, 18, 23)) << "a run that begins later parks on";
  postgres::Connection connection{database_.as("operator")};
  EXPECT_EQ(outbox::read_relay_status(connection, {log_}).front().parked, 4);
}

TEST_F(RelayParking, SaysWhatItSetAside) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  auto relay = this->relay(sink, parking());
  std::vector<outbox::SetAside> told;
  const auto last = step_until(relay, [&](const auto& report) {
    told.insert(told.end(), report.set_aside.begin(), report.set_aside.end());
    return report.state == State::idle;
  });
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].position, 8);
  EXPECT_EQ(told[0].key, "k2");
  EXPECT_THAT(told[0].reason, HasSubstr("too large"));
  EXPECT_EQ(last.parked_keys, 1U);
}

TEST_F(RelayParking, ReleasesInOrderWhileItRuns) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  auto relay = this->relay(sink, parking());
  run_until_idle(relay);
  sink.options().unsendable.clear();
  decide(8, ParkedAction::retry);
  enqueue_numbers(20, 20);
  step_until(relay, [](const auto& report) { return report.parked_keys == 0; });
  enqueue_numbers(40, 5);
  run_until_idle(relay);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAreArray(all_of_k2(44)));
  EXPECT_THAT(parked(), IsEmpty());
  const auto done = parked(true);
  ASSERT_THAT(done, SizeIs(1)) << "what merely waited leaves no trace";
  EXPECT_EQ(done[0].outcome, "published");
  ASSERT_TRUE(done[0].last_decision.has_value());
  EXPECT_EQ(done[0].last_decision->by, "annals_operator");
  EXPECT_EQ(done[0].last_decision->reason, "because");
}

TEST_F(RelayParking, ReleasesAtTheNextStartToo) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink);
  sink.options().unsendable.clear();
  EXPECT_EQ(release("k2"), 1);
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAreArray(all_of_k2(19)));
}

TEST_F(RelayParking, ParksAgainWhatIsRefusedAgain) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8, 13}}};
  publish(sink);
  decide(8, ParkedAction::retry);
  publish(sink);
  EXPECT_THAT(parked_positions(), ElementsAre(8, 13, 18));
  EXPECT_EQ(parked()[0].attempts, 1);
  sink.options().unsendable.erase(8);
  decide(8, ParkedAction::retry);
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAre("2", "7")) << "13 waited, and cannot be sent itself";
  EXPECT_THAT(parked_positions(), ElementsAre(13, 18));
  EXPECT_THAT(parked()[0].reason, HasSubstr("too large"));
  sink.options().unsendable.clear();
  EXPECT_EQ(release("k2"), 1);
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAreArray(all_of_k2(19)));
}

TEST_F(RelayParking, GivesOneUpAndGoesOnBehindIt) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink);
  decide(8, ParkedAction::skip);
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAre("2", "12", "17"));
  EXPECT_THAT(parked(), IsEmpty());
  EXPECT_EQ(parked(true).front().outcome, "skipped");
}

// One that merely waits may be given up as well: it is when its turn comes, and stays on record.
TEST_F(RelayParking, GivesUpOneThatWaits) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink);
  decide(13, ParkedAction::skip);
  publish(sink);
  EXPECT_THAT(parked_positions(), ElementsAre(8, 13, 18));
  sink.options().unsendable.clear();
  EXPECT_EQ(release("k2"), 1);
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAre("2", "7", "17"));
  std::vector<std::string> outcomes;
  for (const auto& message : parked(true)) outcomes.push_back(message.outcome);
  EXPECT_THAT(outcomes, ElementsAre("published", "skipped"));
}

// A lower bound than there are keys that wait opens none of them.
TEST_F(RelayParking, KeepsAllKeysClosedWhateverTheBoundIsNow) {
  enqueue_numbers(0, 10);
  RecordingSink sink{{.unsendable = {1, 2, 3}}};
  publish(sink);
  enqueue_numbers(10, 10);
  auto options = parking();
  options.parked_keys_max = 1;
  publish(sink, options);
  EXPECT_THAT(of_key(sink, "k0"), IsEmpty());
  EXPECT_THAT(of_key(sink, "k1"), IsEmpty());
  EXPECT_THAT(of_key(sink, "k2"), IsEmpty());
}

TEST_F(RelayParking, PublishesWithTheHeadersThatAnOperatorGave) {
  enqueue_numbers(0, 10);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink);
  decide(8, ParkedAction::headers, {{"tenant", "shop"}});
  EXPECT_EQ(error_of([&] { decide(8, ParkedAction::headers, {{"ce_id", "1"}}); }).kind(), ErrorKind::invalid);
  sink.options().unsendable.clear();
  publish(sink);
  EXPECT_THAT(parked(), SizeIs(1)) << "that alone decides nothing";
  decide(8, ParkedAction::retry);
  publish(sink);
  ASSERT_EQ(sink.received.back().position, 8);
  EXPECT_THAT(sink.received.back().metadata.headers,
              ElementsAre(std::pair<std::string, std::string>{"tenant", "shop"}));
}

TEST_F(RelayParking, RefusesADecisionThatWouldBreakTheOrder) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8, 13}}};
  publish(sink);
  EXPECT_THAT(error_of([&] { decide(13, ParkedAction::retry); }).what(), HasSubstr("waits behind another"));
  EXPECT_THAT(error_of([&] { decide(9, ParkedAction::retry); }).what(), HasSubstr("nothing aside at position 9"));
  EXPECT_THAT(error_of([&] { release("k9"); }).what(), HasSubstr("nothing of key \"k9\""));
  decide(8, ParkedAction::skip);
  publish(sink);  // 13 is refused
  decide(13, ParkedAction::skip);
  publish(sink);
  EXPECT_THAT(error_of([&] { decide(8, ParkedAction::retry); }).what(), HasSubstr("it was skipped"));
  EXPECT_THAT(of_key(sink, "k2"), ElementsAre("2", "17"));
}

TEST_F(RelayParking, ParksWhatTheOtherSideRefusesAndGoesOnWithANewSink) {
  enqueue_numbers(0, 20);
  RecordingSink broken{{.undeliverable = {8}}};
  const auto error = error_of([&] { publish(broken); });
  EXPECT_TRUE(error.retryable());
  EXPECT_THAT(error.what(), HasSubstr("set aside, the first because: not authorised"));
  RecordingSink sink;
  publish(sink);
  auto together = broken.received;
  together.insert(together.end(), sink.received.begin(), sink.received.end());
  std::set<std::string> all;
  for (const auto& message : together) all.insert(message.payload);
  EXPECT_THAT(all, SizeIs(17));
  EXPECT_THAT(parked_positions(), ElementsAre(8, 13, 18));
  decide(8, ParkedAction::retry);
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2").back(), "17");
  EXPECT_THAT(parked(), IsEmpty());
}

// The checkpoint is below a message of the key that comes before the parked one, and was not delivered: it is published.
TEST_F(RelayParking, PublishesWhatComesBeforeAParkedMessageOfItsKey) {
  enqueue_numbers(0, 20);
  RecordingSink broken{{.undeliverable = {8}, .given_up = {3}}};
  auto at_once = parking();
  at_once.batch_rows_max = 100;
  EXPECT_TRUE(error_of([&] { publish(broken, at_once); }).retryable());
  EXPECT_EQ(scalar("SELECT position FROM annals.relay_checkpoints"), "2");
  RecordingSink sink;
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAre("2"));
  EXPECT_THAT(parked_positions(), ElementsAre(8, 13, 18));
}

// Refused once more when it is released, and by the other side: parked once more, and nothing overtakes it.
TEST_F(RelayParking, ParksAReleasedMessageThatTheOtherSideRefuses) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink);
  decide(8, ParkedAction::retry);
  RecordingSink broken{{.undeliverable = {8}}};
  EXPECT_TRUE(error_of([&] { publish(broken); }).retryable());
  EXPECT_EQ(parked()[0].attempts, 1);
  RecordingSink mended;
  publish(mended);
  EXPECT_THAT(of_key(mended, "k2"), IsEmpty());
  EXPECT_EQ(release("k2"), 1);
  publish(mended);
  EXPECT_THAT(of_key(mended, "k2"), ElementsAre("7", "12", "17"));
}

TEST_F(RelayParking, ParksAMessageToATopicThatIsNotAllowed) {
  enqueue_numbers(0, 5);
  enqueue_numbers(5, 5, 5, "payments");
  RecordingSink sink;
  auto options = parking();
  options.topics = {"orders"};
  publish(sink, options);
  EXPECT_THAT(parked_positions(), ElementsAre(6, 7, 8, 9, 10));
  postgres::Connection connection{database_.as("operator")};
  (void)outbox::release_parked(connection, log_, "relay", {"payments", "k0"}, "again");
  publish(sink, options);
  EXPECT_THAT(parked(), SizeIs(5)) << "it is not allowed still";
  (void)outbox::release_parked(connection, log_, "relay", {"payments", "k0"}, "again");
  options.topics = {"*"};
  publish(sink, options);
  EXPECT_THAT(parked_positions(), ElementsAre(7, 8, 9, 10));
}

TEST_F(RelayParking, HaltsWhereTheRuleOfTheTopicSaysSo) {
  enqueue_numbers(0, 10);
  RecordingSink sink{{.unsendable = {8}}};
  outbox::RelayOptions options{
      .on_poison = {{.topics = "*", .policy = PoisonPolicy::park}, {.topics = "ord*", .policy = PoisonPolicy::halt}}};
  EXPECT_EQ(error_of([&] { publish(sink, options); }).kind(), ErrorKind::refused);
  EXPECT_THAT(parked(), IsEmpty());
}

TEST_F(RelayParking, HaltsWhenTooManyKeysAreParked) {
  enqueue_numbers(0, 10);
  RecordingSink sink{{.unsendable = {2, 4}}};
  auto options = parking();
  options.parked_keys_max = 1;
  EXPECT_THAT(error_of([&] { publish(sink, options); }).what(), HasSubstr("message 4"));
  EXPECT_THAT(parked_positions(), ElementsAre(2));
}

TEST_F(RelayParking, KeepsADeadLetterAndLetsItsKeyGoOn) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink, parking(PoisonPolicy::dead_letter));
  EXPECT_THAT(of_key(sink, "k2"), ElementsAre("2", "12", "17"));
  EXPECT_THAT(parked_positions(), ElementsAre(8));
  postgres::Connection connection{database_.as("operator")};
  EXPECT_EQ(outbox::read_relay_status(connection, {log_}).front().dead_letters, 1);
  sink.options().unsendable.clear();
  decide(8, ParkedAction::retry);
  publish(sink, parking(PoisonPolicy::dead_letter));
  EXPECT_EQ(sink.received.back().payload, "7");
  EXPECT_THAT(parked(), IsEmpty());
}

TEST_F(RelayParking, PublishesADeadLetterWithWhatIsKnownOfIt) {
  enqueue_numbers(0, 5);
  enqueue_numbers(5, 1, 5, "payments");
  RecordingSink sink;
  auto options = parking(PoisonPolicy::dead_letter, "dead");
  options.topics = {"orders"};
  publish(sink, options);
  const auto& letter = sink.received.back();
  EXPECT_EQ(letter.topic, "dead");
  EXPECT_EQ(letter.payload, "5");
  EXPECT_EQ(letter.key, "k0");
  using Header = std::pair<std::string, std::string>;
  EXPECT_THAT(letter.metadata.headers, AllOf(testing::Contains(Header{"dead_letter_topic", "payments"}),
                                             testing::Contains(Header{"dead_letter_position", "6"}),
                                             testing::Contains(Header{"dead_letter_relay", "relay"}),
                                             testing::Contains(Header{"dead_letter_log", "outbox"})));
  EXPECT_THAT(parked_positions(), ElementsAre(6));
}

// Too large for every topic: the table keeps it, and nothing is dropped.
TEST_F(RelayParking, KeepsADeadLetterThatItsTopicDoesNotTake) {
  enqueue_numbers(0, 10);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink, parking(PoisonPolicy::dead_letter, "dead"));
  EXPECT_THAT(sink.received, SizeIs(9));
  ASSERT_THAT(parked(), SizeIs(1));
  EXPECT_EQ(parked()[0].dead_letter_topic, "");
  EXPECT_THAT(parked()[0].reason, HasSubstr("and the dead-letter topic: message too large"));
}

TEST_F(RelayParking, MovesADeadLetterThatTheOtherSideRefuses) {
  enqueue_numbers(0, 10);
  RecordingSink broken{{.undeliverable = {8}}};
  EXPECT_TRUE(error_of([&] { publish(broken, parking(PoisonPolicy::dead_letter, "dead")); }).retryable());
  RecordingSink sink;
  publish(sink, parking(PoisonPolicy::dead_letter, "dead"));
  std::vector<std::string> topics;
  for (const auto& message : sink.received) {
    if (message.position == 8) topics.push_back(message.topic);
  }
  EXPECT_THAT(topics, ElementsAre("dead"));
}

TEST_F(RelayParking, ShowsAllOfAMessage) {
  pqxx::work tx{*writer_};
  auto full = message("k", "payload");
  full.metadata = {.correlation_id = "c", .traceparent = "t", .headers = {{"a", "1"}}};
  (void)outbox_.enqueue(tx, full);
  tx.commit();
  RecordingSink sink{{.unsendable = {1}}};
  publish(sink);
  postgres::Connection connection{database_.as("operator")};
  const auto shown = outbox::find_parked(connection, log_, "relay", 1);
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->payload, "payload");
  EXPECT_EQ(shown->message.id, full.id);
  EXPECT_EQ(shown->correlation_id, "c");
  EXPECT_EQ(shown->traceparent, "t");
  EXPECT_THAT(shown->headers, ElementsAre(std::pair<std::string, std::string>{"a", "1"}));
  decide(1, ParkedAction::retry);
  sink.options().unsendable.clear();
  publish(sink);
  ASSERT_THAT(sink.received, SizeIs(1));
  EXPECT_EQ(sink.received[0].id, full.id);
  EXPECT_EQ(sink.received[0].metadata, full.metadata);
  EXPECT_FALSE(outbox::find_parked(connection, log_, "relay", 2).has_value());
}

// Of a busy key something new is always there to wait. It must come back all the same.
TEST_F(RelayParking, OpensABusyKeyAgain) {
  enqueue_numbers(0, 3, 1);
  RecordingSink sink{{.unsendable = {2}}};
  auto relay = this->relay(sink, parking());
  run_until_idle(relay);
  sink.options().unsendable.clear();
  decide(2, ParkedAction::retry);
  int written = 3;
  const auto deadline = std::chrono::steady_clock::now() + 8s;
  for (std::size_t keys = 1, i = 0; keys > 0 && std::chrono::steady_clock::now() < deadline; ++i) {
    enqueue_numbers(written, 3, 1);
    written += 3;
    sink.options().stalled = i % 5 != 0;  // a delivery takes a while
    keys = relay.step(1ms).parked_keys;
  }
  sink.options().stalled = false;
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, written)));
}

// An operator has the relay go back behind what was parked and released. It is refused again, and parked again.
TEST_F(RelayParking, ParksAnewWhatIsReadAgain) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  publish(sink);
  sink.options().unsendable.clear();
  decide(8, ParkedAction::retry);
  publish(sink);
  const auto go_back = [&] {
    postgres::Connection connection{database_.as("operator")};
    (void)outbox::adopt_checkpoint(connection, log_, {.position = 0});
  };
  go_back();
  sink.received.clear();
  publish(sink);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 20))) << "it is not in the way any more";
  go_back();
  sink.options().unsendable = {3, 8};
  publish(sink);
  publish(sink);  // what was decided before it was parked anew counts no more
  EXPECT_THAT(parked_positions(), ElementsAre(3, 8, 13, 18)) << "in the order of the log";
  sink.options().unsendable.clear();
  sink.received.clear();
  EXPECT_EQ(release("k2"), 1);
  publish(sink);
  EXPECT_THAT(of_key(sink, "k2"), ElementsAre("2", "7", "12", "17"));
}

// A backlog behind a parked message that is longer than any batch.
TEST_F(RelayParking, ReleasesALongBacklogInOrder) {
  enqueue_numbers(0, 5'000, 1);
  RecordingSink sink{{.unsendable = {3}}};
  auto options = parking();
  options.batch_rows_max = 500;
  publish(sink, options);
  EXPECT_THAT(sink.received, SizeIs(2));
  sink.options().unsendable.clear();
  decide(3, ParkedAction::retry);
  publish(sink, options);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 5'000)));
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_parked"), "1");
}

}  // namespace
}  // namespace annals::tests
