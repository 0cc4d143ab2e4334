#include <gmock/gmock.h>

#include "annals/outbox/status.hpp"
#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

using testing::AllOf;
using testing::ElementsAreArray;
using testing::HasSubstr;

class RelayPoison : public RelayTestBase {
 protected:
  std::string id_at(std::int64_t position) {
    return scalar(fmt::format("SELECT message_id FROM annals.outbox WHERE position = {}", position));
  }
  void skip(std::int64_t position, const std::string& id, const std::string& reason = "no such topic") {
    postgres::Connection connection{database_.as("operator")};
    outbox::skip_message(connection, log_, {.position = position, .id = *EventId::parse(id), .reason = reason});
  }
  std::string checkpoint() { return scalar("SELECT position FROM annals.relay_checkpoints"); }
};

TEST_F(RelayPoison, HaltsAtAMessageThatTheSinkCannotSend) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  auto relay = this->relay(sink);
  const auto error = error_of([&] { run_until_idle(relay); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("message 8"), HasSubstr("shop.v1.OrderPlaced"), HasSubstr("\"orders\""),
                                  HasSubstr("too large")));
  EXPECT_THAT(error.hint(), HasSubstr("message.max.bytes"));
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 7)));
  EXPECT_EQ(checkpoint(), "7") << "what was delivered before it is not published again";
}

TEST_F(RelayPoison, AcknowledgesNothingAfterAMessageThatWasNotDelivered) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.undeliverable = {8}}};
  auto relay = this->relay(sink);
  const auto error = error_of([&] { run_until_idle(relay); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("message 8"), HasSubstr("shop.v1.OrderPlaced"), HasSubstr("\"orders\""),
                                  HasSubstr("not authorised")));
  EXPECT_THAT(error.hint(), HasSubstr("annals relay skip relay --log outbox --position 8 --id " + id_at(8)));
  EXPECT_EQ(checkpoint(), "7");
}

TEST_F(RelayPoison, GoesOnWithTheMessageWhenTheCauseIsMended) {
  enqueue_numbers(0, 20);
  {
    RecordingSink sink{{.undeliverable = {8}}};
    auto relay = this->relay(sink);
    EXPECT_THROW(run_until_idle(relay), Error);
  }
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(7, 13)));
}

// The one message is passed over, and nothing else: what came before it was delivered or is sent again, what comes after
// follows in order.
TEST_F(RelayPoison, LetsTheOperatorGiveOneMessageUp) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  {
    auto relay = this->relay(sink);
    EXPECT_THROW(run_until_idle(relay), Error);
  }
  skip(8, id_at(8));
  auto relay = this->relay(sink);
  run_until_idle(relay);
  auto expected = numbers(0, 20);
  expected.erase(expected.begin() + 7);
  EXPECT_THAT(payloads(sink), ElementsAreArray(expected));
  EXPECT_EQ(checkpoint(), "20");
  EXPECT_EQ(scalar("SELECT relay || ' ' || log || ' ' || position || ' ' || decided_by || ' ' || reason "
                   "FROM annals.relay_decisions"),
            "relay outbox 8 annals_operator no such topic");
}

TEST_F(RelayPoison, GivesUpNothingBelowThatIsUnconfirmed) {
  enqueue_numbers(0, 20);
  {
    RecordingSink sink{{.undeliverable = {8}, .given_up = {3}}};  // 3 to 7 are not delivered, and it is not known why
    auto relay = this->relay(sink);
    EXPECT_THROW(run_until_idle(relay), Error);
    EXPECT_EQ(checkpoint(), "2");
  }
  skip(8, id_at(8));
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  auto expected = numbers(2, 18);
  expected.erase(expected.begin() + 5);
  EXPECT_THAT(payloads(sink), ElementsAreArray(expected));
}

// Where the database was restored, another message may stand at the position of the one that was given up.
TEST_F(RelayPoison, GivesUpNoOtherMessageAtItsPosition) {
  enqueue_numbers(0, 20);
  execute(
      "INSERT INTO annals.relay_decisions (relay, log, position, message_id, action, reason) "
      "VALUES ('relay', 'outbox', 8, gen_random_uuid(), 'skip', 'of another history')");
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(0, 20)));
}

TEST_F(RelayPoison, RefusesToGiveUpAnotherMessageThanMeant) {
  enqueue_numbers(0, 20);
  {
    RecordingSink sink{{.unsendable = {8}}};
    auto relay = this->relay(sink);
    EXPECT_THROW(run_until_idle(relay), Error);
  }
  EXPECT_THAT(error_of([&] { skip(8, id_at(9)); }).what(), AllOf(HasSubstr(id_at(8)), HasSubstr(id_at(9))));
  EXPECT_THAT(error_of([&] { skip(900, id_at(8)); }).what(), HasSubstr("no message"));
  EXPECT_THAT(error_of([&] { skip(7, id_at(7)); }).what(), HasSubstr("past position 7"));
  EXPECT_THAT(error_of([&] { skip(8, id_at(8), ""); }).what(), HasSubstr("reason is empty"));
  postgres::Connection connection{database_.as("operator")};
  EXPECT_THAT(error_of([&] {
                outbox::skip_message(connection, log_,
                                     {.relay = "ralay", .position = 8, .id = *EventId::parse(id_at(8)), .reason = "?"});
              }).what(),
              HasSubstr("no checkpoint"));
  EXPECT_EQ(scalar("SELECT count(*) FROM annals.relay_decisions"), "0");
}

TEST_F(RelayPoison, IsNotGivenUpUnderARunningRelay) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.stalled = true}};
  auto relay = this->relay(sink);
  relay.step(1ms);
  EXPECT_EQ(error_of([&] { skip(8, id_at(8)); }).kind(), ErrorKind::overloaded);
}

// A producer that empties its queue reports what was in it before the message at fault, or after it, as it pleases.
TEST_F(RelayPoison, IsExactlyTheMessageThatWasRefused) {
  for (const bool backwards : {false, true}) {
    enqueue_numbers(0, 20);
    RecordingSink sink{{.undeliverable = {8}, .given_up = {3}, .backwards = backwards}};
    auto relay = this->relay(sink, {.name = backwards ? "backwards" : "forwards", .start = outbox::Start{}});
    const auto error = error_of([&] { run_until_idle(relay); });
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_FALSE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("message 8 (" + id_at(8) + ")"));
  }
}

// One that cannot be sent is known at once, one before it was sent and is refused later.
TEST_F(RelayPoison, IsTheFirstOfTwo) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}, .undeliverable = {3}}};
  auto relay = this->relay(sink);
  EXPECT_THAT(error_of([&] { run_until_idle(relay); }).what(), HasSubstr("message 3 (" + id_at(3) + ")"));
  EXPECT_EQ(checkpoint(), "2");
}

TEST_F(RelayPoison, IsNoMessageThatASinkMerelyGaveUp) {
  enqueue_numbers(0, 20);
  {
    RecordingSink sink{{.given_up = {5}}};
    auto relay = this->relay(sink);
    const auto error = error_of([&] { run_until_idle(relay); });
    EXPECT_NE(error.kind(), ErrorKind::refused);
    EXPECT_TRUE(error.retryable());
    EXPECT_THAT(error.what(), HasSubstr("purged from the queue"));
  }
  EXPECT_EQ(checkpoint(), "4");
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(4, 16)));
}

TEST_F(RelayPoison, IsAMessageToATopicThatIsNotAllowed) {
  enqueue("k", "0");
  {
    pqxx::work tx{*writer_};
    auto stray = message("k", "1");
    stray.topic = "payments";
    outbox_.enqueue(tx, stray);
    tx.commit();
  }
  RecordingSink sink;
  auto relay = this->relay(sink, {.topics = {"order*", "invoices"}});
  const auto error = error_of([&] { run_until_idle(relay); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("message 2"), HasSubstr("\"payments\" is not one that this relay may")));
  EXPECT_EQ(payloads(sink), std::vector<std::string>{"0"});
}

}  // namespace
}  // namespace annals::tests
