// Messages that are too large leave as a claim, and are found by it.
#include <gmock/gmock.h>

#include <stdexcept>

#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "annals/outbox/claim_store.hpp"
#include "annals/outbox/parked.hpp"
#include "annals/outbox/retention.hpp"
#include "annals/outbox/status.hpp"
#include "annals/testing/manual_clock.hpp"
#include "annals/testing/memory_offsets.hpp"
#include "relay_parking_base.hpp"
#include "support/kafka_topic.hpp"
#include "support/server_version.hpp"

namespace annals::tests {
namespace {

using outbox::ReadFrom;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::size_t limit = 10'000;

class RelayClaim : public RelayParkingBase {
 protected:
  static outbox::RelayOptions checking(ReadFrom read_from = ReadFrom::table) {
    outbox::RelayOptions options{.read_from = read_from, .claim_checks = {{.topics = "*", .above_bytes = limit}}};
    return options;
  }
  static std::string large(char of = 'x') {
    std::string payload(limit * 2, of);
    return payload;
  }
  std::string fetch(const std::string& claim) {
    outbox::PostgresClaimStore store{database_.as("consumer")};
    const auto redeemed = outbox::redeem(store, claim);
    EXPECT_EQ(redeemed.fault, "");
    return redeemed.payload;
  }
  std::string claims() { return scalar("SELECT count(*) FROM annals.claims"); }
  /// A relay that has no memory of the one before.
  void publish_again(RecordingSink& sink) {
    auto options = checking();
    options.name = "another";
    options.start = outbox::Start{};
    publish(sink, options);
  }
};

class RelayClaimFrom : public RelayClaim, public ::testing::WithParamInterface<ReadFrom> {
 protected:
  RelayClaimFrom() {
    if (GetParam() == ReadFrom::wal) skip_unless_mined(database_);
  }
};
INSTANTIATE_TEST_SUITE_P(, RelayClaimFrom, ::testing::Values(ReadFrom::table, ReadFrom::wal, ReadFrom::automatic),
                         [](const auto& chosen) {
                           return chosen.param == ReadFrom::table ? "Table"
                                  : chosen.param == ReadFrom::wal ? "Log"
                                                                  : "Either";
                         });

TEST_P(RelayClaimFrom, LeavesInItsPlaceAndIsFoundByTheReference) {
  enqueue("k", "before");
  enqueue("k", large());
  enqueue("k", "behind");
  RecordingSink sink;
  outbox::Relay relay{database_.as("wal_relay"), log_, sink, clock_, checking(GetParam())};
  std::size_t claimed = 0;
  std::uint64_t bytes = 0;
  std::uint64_t delivered = 0;
  step_until(relay, [&](const auto& report) {
    claimed += report.claimed;
    bytes += report.claimed_bytes;
    delivered += report.delivered_bytes;
    return report.state == State::idle;
  });
  ASSERT_THAT(sink.received, SizeIs(3));
  EXPECT_EQ(sink.received[0].payload, "before");
  EXPECT_EQ(sink.received[0].claim, "");
  EXPECT_EQ(sink.received[1].payload, outbox::claim_stub(sink.received[1].claim));
  EXPECT_EQ(fetch(sink.received[1].claim), large());
  EXPECT_EQ(sink.received[2].payload, "behind");
  EXPECT_EQ(claimed, 1U);
  EXPECT_EQ(bytes, large().size());
  EXPECT_LT(delivered, 1'000U) << "what stayed here was not delivered";
  EXPECT_TRUE(relay.drain(5s));
}

TEST_F(RelayClaim, IsOnDiskBeforeTheMessageIsSent) {
  enqueue("k", large());
  std::vector<std::string> there;
  RecordingSink sink{{.on_send = [&] { there.push_back(claims()); }}};
  publish(sink, checking());
  EXPECT_THAT(there, ElementsAre("1"));
}

/// Though a relay's session waits for the disk at nothing else.
TEST_F(RelayClaim, IsNotLostByACrashOfTheServer) {
  execute(
      "CREATE FUNCTION annals.refuse_lazily() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "IF current_setting('synchronous_commit') <> 'on' THEN RAISE 'it may be lost'; END IF; RETURN NEW; END $$; "
      "CREATE TRIGGER lazily BEFORE INSERT ON annals.claims FOR EACH ROW EXECUTE FUNCTION annals.refuse_lazily()");
  enqueue("k", large());
  RecordingSink sink;
  publish(sink, checking());
  EXPECT_THAT(sink.received, SizeIs(1));
}

// What a kill between the two leaves is what a repetition finds.
TEST_F(RelayClaim, OneThatWasMadeAndNotPublishedIsTheOneThatIsPublishedLater) {
  enqueue("k", large());
  RecordingSink broken{{.on_send = [] { throw Error{ErrorKind::failed, "killed here", {.retryable = true}}; }}};
  auto first = relay(broken, checking());
  EXPECT_THAT(error_of([&] { run_until_idle(first); }).what(), HasSubstr("killed here"));
  EXPECT_EQ(claims(), "1");
  RecordingSink sink;
  publish(sink, checking());
  EXPECT_EQ(claims(), "1");
  EXPECT_EQ(fetch(sink.received.at(0).claim), large());
}

TEST_F(RelayClaim, ARepetitionIsTheSameRecordAndOneThatWouldGoTooSoonIsMadeAnew) {
  enqueue("k", large());
  RecordingSink first;
  RecordingSink second;
  publish(first, checking());
  publish_again(second);
  EXPECT_EQ(second.received.at(0).claim, first.received.at(0).claim);
  EXPECT_EQ(claims(), "1");
  execute(
      "UPDATE annals.claims_retention SET retain = '1 hour'; SET session_replication_role = replica; "
      "ALTER TABLE annals.claims DISABLE TRIGGER USER; ALTER TABLE annals.claims_p0 DISABLE TRIGGER USER; "
      "UPDATE annals.claims SET recorded_at = recorded_at - interval '8 minutes'");
  RecordingSink third;
  auto options = checking();
  options.name = "third";
  options.start = outbox::Start{};
  publish(third, options);
  EXPECT_NE(third.received.at(0).claim, first.received.at(0).claim);
  EXPECT_EQ(fetch(third.received.at(0).claim), large());
}

// One id may be on two messages, by a mistake of whoever enqueued them.
TEST_F(RelayClaim, EachMessageHasItsOwn) {
  enqueue("k", large('a'));
  execute(
      "INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) SELECT message_id, 0, topic, "
      "key, "
      "type, decode(repeat('62', 30000), 'hex') FROM annals.outbox");
  RecordingSink sink;
  publish(sink, checking());
  ASSERT_THAT(sink.received, SizeIs(2));
  EXPECT_EQ(fetch(sink.received[0].claim), large('a'));
  EXPECT_EQ(fetch(sink.received[1].claim), std::string(30'000, 'b'));
}

/// Whose records are larger than their messages.
class Enlarging final : public outbox::Sink {
 public:
  Send send(const outbox::MessageView& message) override { return sink.send(message); }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    sink.poll(wait, deliveries);
  }
  [[nodiscard]] std::size_t record_bytes(const outbox::MessageView& message) const override {
    return message.payload.size() * 4 / 3;
  }
  RecordingSink sink;
};

TEST_F(RelayClaim, TheRecordCountsAndNotTheMessage) {
  enqueue("k", std::string(limit * 3 / 4, 'a'));
  enqueue("k", std::string(limit * 3 / 4 + 8, 'a'));
  Enlarging sink;
  auto relay = this->relay(sink, checking());
  run_until_idle(relay);
  EXPECT_EQ(sink.sink.received.at(0).claim, "");
  EXPECT_NE(sink.sink.received.at(1).claim, "");
}

TEST_F(RelayClaim, TheLongestRuleHoldsAndMaySayNever) {
  auto options = checking();
  options.claim_checks.push_back({.topics = "orders.raw*", .above_bytes = 0});
  options.claim_checks.push_back({.topics = "orders.raw.wide", .above_bytes = limit * 3});
  pqxx::work tx{*writer_};
  for (const auto* topic : {"orders", "orders.raw", "orders.raw.wide"}) {
    auto next = message("k", large());
    next.topic = topic;
    outbox_.enqueue(tx, next);
  }
  tx.commit();
  RecordingSink sink;
  publish(sink, options);
  EXPECT_NE(sink.received.at(0).claim, "");
  EXPECT_EQ(sink.received.at(1).claim, "");
  EXPECT_EQ(sink.received.at(2).claim, "");
  options.claim_checks.push_back({.topics = "*"});
  EXPECT_THAT(error_of([&] { relay(sink, options); }).what(), HasSubstr("two rules for topic *"));
}

// What the other side refuses all the same is the rule for poison's.
TEST_F(RelayClaim, WhatIsRefusedAsAClaimTooIsParkedWholeAndReleasedAsAClaim) {
  const auto position = enqueue("k", large());
  auto options = parking();
  options.claim_checks = checking().claim_checks;
  RecordingSink sink{{.unsendable = {position}}};
  publish(sink, options);
  EXPECT_THAT(sink.received, IsEmpty());
  ASSERT_THAT(parked(), SizeIs(1));
  EXPECT_EQ(parked()[0].payload_bytes, static_cast<std::int64_t>(large().size()));
  sink.options().unsendable.clear();
  decide(position, outbox::ParkedAction::retry);
  publish(sink, options);
  ASSERT_THAT(sink.received, SizeIs(1));
  EXPECT_EQ(fetch(sink.received[0].claim), large());
  EXPECT_EQ(claims(), "1");
}

/// Its claim may have gone by then: what this relay remembers of it is not believed for long.
TEST_F(RelayClaim, WhatWaitsForLongIsLookedForAgain) {
  const auto position = enqueue("k", large());
  auto options = parking();
  options.claim_checks = checking().claim_checks;
  RecordingSink sink{{.unsendable = {position}}};
  testing::ManualClock clock;
  outbox::Relay relay{database_.as("relay"), log_, sink, clock, options};
  step_until(relay, [&](const auto&) { return parked().size() == 1; });
  EXPECT_EQ(claims(), "1");
  execute(
      "SET session_replication_role = replica; ALTER TABLE annals.claims DISABLE TRIGGER USER; "
      "ALTER TABLE annals.claims_p0 DISABLE TRIGGER USER; DELETE FROM annals.claims");
  clock.advance(2min);
  sink.options().unsendable.clear();
  decide(position, outbox::ParkedAction::retry);
  step_until(relay, [&](const auto&) { return !sink.received.empty(); });
  EXPECT_EQ(fetch(sink.received[0].claim), large());
}

TEST_F(RelayClaim, ADeadLetterIsOneToo) {
  const auto position = enqueue("k", large());
  auto options = parking(outbox::PoisonPolicy::dead_letter, "orders.dead");
  options.claim_checks = {{.topics = "orders.dead", .above_bytes = limit}};
  options.topics = {"none", "orders.dead"};  // the message's own is not allowed
  RecordingSink sink;
  publish(sink, options);
  EXPECT_EQ(sink.received.at(0).position, position);
  EXPECT_EQ(sink.received.at(0).topic, "orders.dead");
  EXPECT_EQ(fetch(sink.received.at(0).claim), large());
}

TEST_F(RelayClaim, WithoutTheRightsItSaysWhichAreMissing) {
  enqueue("k", large());
  execute("REVOKE INSERT (log, message_position, message_id, sha256, payload) ON annals.claims FROM annals_relay");
  RecordingSink sink;
  auto relay = this->relay(sink, checking());
  const auto error = error_of([&] { run_until_idle(relay); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("claims"), HasSubstr("annals schema roles apply")));
  EXPECT_THAT(sink.received, IsEmpty());
}

// Its function is the one that everybody else calls: claim_payload().
class ClaimPayload : public RelayClaim {
 protected:
  std::string sqlstate_of(const std::string& role, const std::string& reference) {
    postgres::Connection connection{database_.as(role)};
    return error_of([&] {
             (void)connection.query("SELECT annals.claim_payload($1::text)", postgres::Params{}.text(reference));
           })
        .sqlstate();
  }
  std::string publish_one() {
    enqueue("k", large());
    RecordingSink sink;
    publish(sink, checking());
    return sink.received.at(0).claim;
  }
};

TEST_F(ClaimPayload, GivesNothingButWhatTheReferenceIsOf) {
  const auto claim = publish_one();
  auto other = claim;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_EQ(sqlstate_of("consumer", other), "P0002") << "no payload for a number that was guessed";
  EXPECT_EQ(sqlstate_of("consumer", "annals-claim:shop"), "22023");
  EXPECT_EQ(sqlstate_of("projector", claim), "42501") << "only for those who are claim readers";
  postgres::Connection consumer{database_.as("consumer")};
  EXPECT_EQ(error_of([&] { (void)consumer.query("SELECT position FROM annals.claims"); }).sqlstate(), "42501");
}

TEST_F(ClaimPayload, IsAskedForAgainWhenTheSessionHasEnded) {
  const auto claim = publish_one();
  outbox::PostgresClaimStore store{database_.as("consumer")};
  EXPECT_EQ(outbox::redeem(store, claim).payload, large());
  execute(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
      "WHERE datname = current_database() AND usename = 'annals_consumer'");
  EXPECT_EQ(error_of([&] { (void)outbox::redeem(store, claim); }).kind(), ErrorKind::disconnected);
  EXPECT_EQ(outbox::redeem(store, claim).payload, large());
}

TEST_F(ClaimPayload, IsNeverOneThatHasChanged) {
  const auto claim = publish_one();
  for (const auto* payload : {"set_byte(payload, 7, 0)", "substr(payload, 2)"}) {
    execute(
        "SET session_replication_role = replica; ALTER TABLE annals.claims DISABLE TRIGGER USER; "
        "ALTER TABLE annals.claims_p0 DISABLE TRIGGER USER; UPDATE annals.claims SET payload = " +
        std::string{payload});
    EXPECT_EQ(sqlstate_of("consumer", claim), "XX001") << payload;
  }
  outbox::PostgresClaimStore store{database_.as("consumer")};
  EXPECT_THAT(outbox::redeem(store, claim).fault, HasSubstr("is damaged"));
  execute("ALTER TABLE annals.claims ENABLE ALWAYS TRIGGER claims_append_only");
  EXPECT_THAT(error_of([&] { execute("DELETE FROM annals.claims"); }).what(), HasSubstr("append-only"));
}

// The same machinery as the outbox's, but for who has to be past it.
TEST_F(ClaimPayload, GoesWhenItsTimeIsOverWhateverRelaysDo) {
  using Action = outbox::MaintenanceStep::Action;
  postgres::Connection boss{database_.as("operator")};
  postgres::Connection keeper{database_.as("relay")};
  const auto maintain = [&] { return outbox::maintain_outbox(keeper, "annals", outbox::Kept::claims); };
  const auto claim = publish_one();
  EXPECT_EQ(maintain().action, Action::none);
  outbox::set_retention(boss, "annals", {.retain = "1 hour", .partition_rows = 1}, outbox::Kept::claims);
  EXPECT_FALSE(outbox::read_retention(boss, "annals").policy.retain.has_value()) << "the outbox has its own";
  EXPECT_EQ(maintain().action, Action::rolled);
  EXPECT_EQ(maintain().action, Action::attached);
  EXPECT_EQ(maintain().action, Action::none) << "it is young";
  enqueue("k", "never published");  // a relay that is behind holds the outbox, and no claim
  outbox::set_retention(boss, "annals", {.retain = "1 millisecond", .partition_rows = 100}, outbox::Kept::claims);
  RecordingSink sink;
  enqueue("k", large('y'));
  publish(sink, checking());
  std::this_thread::sleep_for(2ms);  // until it is old enough
  EXPECT_EQ(outbox::read_retention(boss, "annals", outbox::Kept::claims).partitions.front().state,
            outbox::PartitionStatus::State::spent);
  EXPECT_EQ(maintain().action, Action::dropped);
  outbox::PostgresClaimStore store{database_.as("consumer")};
  const auto gone = outbox::redeem(store, claim);
  EXPECT_EQ(gone.payload, "");
  EXPECT_THAT(gone.fault, HasSubstr("its time is over"));
  EXPECT_EQ(fetch(sink.received.at(1).claim), large('y')) << "the younger one is there, in the next partition";
  EXPECT_GT(outbox::read_outbox_status(boss, "annals").claims_size_bytes, 0);
}

// --- on Kafka ---

class RelayClaimOnKafka : public RelayClaim, public ::testing::WithParamInterface<bool> {
 protected:
  kafka::KafkaSinkOptions sink_options() const { return {.settings = {{"bootstrap.servers", kafka_brokers()}}}; }
  void publish_to_kafka(const outbox::RelayOptions& options) {
    if (!GetParam()) {
      kafka::KafkaSink sink{sink_options()};
      outbox::Relay relay{database_.as("relay"), log_, sink, clock_, options};
      run_until_idle(relay);
      EXPECT_TRUE(relay.drain(5s));
      return;
    }
    kafka::KafkaTransactionalSink sink{{.sink = sink_options(), .checkpoint_topic = topic_ + ".checkpoints"}};
    outbox::Relay relay{database_.as("relay"), log_, sink, clock_, options};
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
  }
  std::vector<projections::IncomingMessage> receive(outbox::ClaimStore& store, std::size_t count) {
    testing::MemoryOffsets record;
    kafka::KafkaSource source{
        {.settings = {{"bootstrap.servers", kafka_brokers()}}, .group = topic_, .topics = {topic_}, .claims = &store}};
    std::vector<projections::IncomingMessage> all;
    std::vector<projections::IncomingMessage> some;
    for (int i = 0; i < 150 && all.size() < count; ++i) {
      source.receive(record, count, 200ms, some);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }
  void enqueue_to_topic(const std::vector<std::string>& payloads) {
    pqxx::work tx{*writer_};
    for (const auto& payload : payloads) {
      auto next = message("k", payload);
      next.topic = topic_;
      outbox_.enqueue(tx, next);
    }
    tx.commit();
  }

  const std::string topic_ = create_topic(unique_topic("claims"), 1, {{"max.message.bytes", "12000"}});
};
INSTANTIATE_TEST_SUITE_P(, RelayClaimOnKafka, ::testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "ExactlyOnce" : "AtLeastOnce"; });

TEST_P(RelayClaimOnKafka, AMessageThatTheBrokerWouldRefuseArrivesWhole) {
  enqueue_to_topic({"before", large(), "behind"});
  publish_to_kafka(checking());
  outbox::PostgresClaimStore store{database_.as("consumer")};
  const auto received = receive(store, 3);
  ASSERT_THAT(received, SizeIs(3));
  EXPECT_EQ(received[0].payload, "before");
  EXPECT_EQ(received[1].payload, large());
  EXPECT_EQ(received[1].damaged, "");
  EXPECT_THAT(received[1].metadata.headers, IsEmpty()) << "it is as if it had come whole";
  EXPECT_EQ(received[1].content_type, ContentType::protobuf);
  EXPECT_EQ(received[2].payload, "behind");
  EXPECT_THAT(read_all(topic_)[1].header("annals-claim"), StartsWith("annals-claim:"));
}

// The threshold is above what the broker takes: then it is poison, and the rule for that holds.
TEST_P(RelayClaimOnKafka, WhatIsBelowTheThresholdAndTooLargeForTheBrokerIsPoison) {
  enqueue_to_topic({"before", large(), "behind"});
  auto options = checking();
  options.claim_checks = {{.topics = "*", .above_bytes = limit * 3}};
  EXPECT_THAT(error_of([&] { publish_to_kafka(options); }).what(), HasSubstr("max.message.bytes"));
  EXPECT_EQ(claims(), "0");
}

}  // namespace
}  // namespace annals::tests
