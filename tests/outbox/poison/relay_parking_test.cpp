// What a relay sets aside, what waits behind it, and how it comes back.
#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

#include "annals/outbox/parked.hpp"
#include "annals/outbox/status.hpp"
#include "annals/outbox/transactional_sink.hpp"
#include "relay_test_base.hpp"

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

/// 5 keys: positions 3, 8, 13, 18 are of key k2.
class RelayParking : public RelayTestBase {
 protected:
  static outbox::RelayOptions parking(PoisonPolicy policy = PoisonPolicy::park, std::string dead_letter_topic = {}) {
    return {.on_poison = {{.topics = "*", .policy = policy, .dead_letter_topic = std::move(dead_letter_topic)}},
            .batch_rows_max = 7};
  }
  void publish(RecordingSink& sink, outbox::RelayOptions options = parking()) {
    auto relay = this->relay(sink, std::move(options));
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  std::vector<outbox::ParkedMessage> parked(bool with_done = false) {
    postgres::Connection connection{database_.as("operator")};
    return outbox::list_parked(connection, log_, {.with_done = with_done});
  }
  std::vector<std::int64_t> parked_positions() {
    std::vector<std::int64_t> out;
    for (const auto& message : parked()) out.push_back(message.position);
    return out;
  }
  void decide(std::int64_t position, ParkedAction action,
              std::vector<std::pair<std::string, std::string>> headers = {}) {
    postgres::Connection connection{database_.as("operator")};
    outbox::decide_parked(connection, log_,
                          {.position = position, .action = action, .headers = std::move(headers), .reason = "because"});
  }
  std::int64_t release(const std::string& key) {
    postgres::Connection connection{database_.as("operator")};
    return outbox::release_parked(connection, log_, "relay", {"orders", key}, "mended");
  }
  static std::vector<std::string> of_key(const RecordingSink& sink, const std::string& key) {
    std::vector<std::string> out;
    for (const auto& message : sink.received) {
      if (message.key == key) out.push_back(message.payload);
    }
    return out;
  }
  /// What key k2 has of 0 to `last`.
  static std::vector<std::string> all_of_k2(int last) {
    std::vector<std::string> out;
    for (int i = 2; i <= last; i += 5) out.push_back(std::to_string(i));
    return out;
  }
};

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
  (void)outbox::release_parked(connection, log_, "relay", {"payments", "k0"}, "");
  publish(sink, options);
  EXPECT_THAT(parked(), SizeIs(5)) << "it is not allowed still";
  (void)outbox::release_parked(connection, log_, "relay", {"payments", "k0"}, "");
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

/// Has room for few, and keeps what each commit made visible.
class FewAtATime final : public outbox::TransactionalSink {
 public:
  explicit FewAtATime(std::size_t room, std::set<std::int64_t> unsendable = {})
      : sink_({.room = room, .unsendable = std::move(unsendable)}) {}
  std::string open(const std::string&, const KeepAlive&) override { return record; }
  Send send(const outbox::MessageView& message) override { return sink_.send(message); }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    sink_.poll(wait, deliveries);
  }
  Commit commit(std::string_view committed, const KeepAlive&) override {
    commits.push_back({.record = std::string{committed}, .payloads = payloads_of(sink_)});
    sink_.received.clear();
    record = commits.back().record;
    return Commit::committed;
  }
  std::string reason() const override { return {}; }
  void stall(bool stalled) { sink_.options().stalled = stalled; }

  struct Committed {
    std::string record;
    std::vector<std::string> payloads;
  };
  std::vector<Committed> commits;
  std::string record;  ///< the last one: what the next open() gives

 private:
  static std::vector<std::string> payloads_of(const RecordingSink& sink) {
    std::vector<std::string> out;
    for (const auto& message : sink.received) out.push_back(message.payload);
    return out;
  }
  RecordingSink sink_;
};

// The note says that all of a batch is published, so all of it is in the one transaction that has the note.
TEST_F(RelayParking, CommitsABatchWithItsNoteOrNotAtAll) {
  enqueue_numbers(0, 30, 1);
  {
    FewAtATime sink{100, {1}};
    outbox::Relay relay{database_.as("relay"), log_, sink, clock_, parking()};
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  execute("UPDATE annals.relay_checkpoints SET in_broker = false, generation = NULL");  // this sink keeps no record
  FewAtATime sink{10};
  auto options = parking();
  options.checkpoint_interval = 0ms;
  outbox::Relay relay{database_.as("relay"), log_, sink, clock_, options};
  run_until_idle(relay);
  EXPECT_EQ(release("k0"), 1);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  for (std::size_t keys = 1, i = 0; keys > 0 && std::chrono::steady_clock::now() < deadline; ++i) {
    enqueue_numbers(1'000, 6, 1, "others");  // so that there is always something to commit
    sink.stall(i % 3 != 0);
    keys = relay.step(1ms).parked_keys;
  }
  sink.stall(false);
  run_until_idle(relay);
  std::vector<FewAtATime::Committed> with_released;
  for (auto& commit : sink.commits) {
    std::erase_if(commit.payloads, [](const auto& payload) { return payload.size() > 3; });
    if (!commit.payloads.empty()) with_released.push_back(commit);
  }
  ASSERT_THAT(with_released, SizeIs(1));
  EXPECT_THAT(with_released[0].payloads, ElementsAreArray(numbers(0, 30)));
  EXPECT_THAT(with_released[0].record, testing::StartsWith("annals/2 "));
}

// A relay dies between the commit of a batch and the finish of its rows. The note says that they are published; those that were left out of it,
// because the first of their key was refused again, are not.
TEST_F(RelayParking, FinishesOnlyWhatWasCommittedWithTheNote) {
  enqueue_numbers(0, 20, 2);  // odd positions are of k0, even ones of k1
  std::string record;
  {
    FewAtATime sink{100, {1, 2}};
    outbox::Relay relay{database_.as("relay"), log_, sink, clock_, parking()};
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
    record = sink.record;
  }
  EXPECT_EQ(release("k0"), 1);
  EXPECT_EQ(release("k1"), 1);
  {
    FewAtATime sink{100, {5}};  // of k0: those after it are left out
    sink.record = record;
    auto options = parking();
    options.at_point = [&](std::string_view at) {
      if (at == "checkpointed" && sink.record.starts_with("annals/2 ")) throw std::runtime_error{"dies"};
    };
    outbox::Relay relay{database_.as("relay"), log_, sink, clock_, options};
    EXPECT_THROW(run_until_idle(relay), std::runtime_error);
    record = sink.record;
    ASSERT_THAT(sink.commits.back().payloads, SizeIs(12)) << "two of k0, ten of k1";
  }
  EXPECT_THAT(parked_positions(), SizeIs(20)) << "nobody has finished them yet";
  FewAtATime sink{100};
  sink.record = record;
  outbox::Relay relay{database_.as("relay"), log_, sink, clock_, parking()};
  run_until_idle(relay);
  EXPECT_THAT(parked_positions(), ElementsAre(5, 7, 9, 11, 13, 15, 17, 19));
  EXPECT_TRUE(sink.commits.empty() || sink.commits.back().payloads.empty()) << "and nothing was published twice";
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
