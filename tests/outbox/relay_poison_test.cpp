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
  std::string checkpoint() { return scalar("SELECT position FROM annals.relay_checkpoints"); }
};

TEST_F(RelayPoison, HaltsAtAMessageThatTheSinkCannotSend) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  auto relay = this->relay(sink);
  const auto error = error_of([&] { run_until_idle(relay); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
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
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("message 8"), HasSubstr("shop.v1.OrderPlaced"), HasSubstr("\"orders\""),
                                  HasSubstr("not authorised")));
  EXPECT_THAT(error.hint(), HasSubstr("annals relay adopt"));
  EXPECT_EQ(checkpoint(), "7");
}

TEST_F(RelayPoison, GoesOnWithTheMessageWhenTheCauseIsMended) {
  enqueue_numbers(0, 20);
  {
    RecordingSink sink{{.undeliverable = {8}}};
    auto relay = this->relay(sink);
    EXPECT_THROW(run_until_idle(relay), Error);
    EXPECT_THROW(relay.step(0ms), Error) << "a failed relay stays failed";
  }
  RecordingSink sink;
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(7, 13)));
}

TEST_F(RelayPoison, LetsTheOperatorGiveTheMessageUp) {
  enqueue_numbers(0, 20);
  RecordingSink sink{{.unsendable = {8}}};
  {
    auto relay = this->relay(sink);
    EXPECT_THROW(run_until_idle(relay), Error);
  }
  postgres::Connection connection{database_.database()};
  EXPECT_EQ(outbox::adopt_checkpoint(connection, "annals", {.position = 8}).position, 8);
  sink.received.clear();
  auto relay = this->relay(sink);
  run_until_idle(relay);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(8, 12)));
}

}  // namespace
}  // namespace annals::tests
