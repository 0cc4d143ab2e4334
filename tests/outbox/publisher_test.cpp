#include "relay/publisher.hpp"

#include <gtest/gtest.h>

#include "recording_sink.hpp"

namespace annals::outbox {
namespace {

using namespace std::chrono_literals;
using tests::RecordingSink;

bool offer(Publisher& publisher, std::int64_t position) {
  MessageView view;
  view.position = position;
  view.topic = "orders";
  return publisher.offer(view);
}

TEST(Publisher, AcknowledgesWhatTheSinkDelivered) {
  RecordingSink sink{{.backwards = true}};
  Publisher publisher{sink, 10};
  publisher.start(4);
  EXPECT_TRUE(offer(publisher, 5));
  publisher.skip(6);
  EXPECT_TRUE(offer(publisher, 9));
  EXPECT_EQ(publisher.acknowledged(), 4);
  EXPECT_EQ(publisher.in_flight(), 2U);
  EXPECT_EQ(publisher.collect(0ms), 2U);
  EXPECT_EQ(publisher.acknowledged(), 9);
  EXPECT_EQ(publisher.in_flight(), 0U);
}

TEST(Publisher, TakesNoMoreThanTheSinkOrTheBoundHasRoomFor) {
  RecordingSink sink{{.room = 2}};
  Publisher publisher{sink, 3};
  EXPECT_TRUE(offer(publisher, 1));
  EXPECT_TRUE(offer(publisher, 2));
  EXPECT_FALSE(offer(publisher, 3)) << "the sink is full";
  EXPECT_EQ(publisher.collect(0ms), 2U);
  EXPECT_TRUE(offer(publisher, 3));

  RecordingSink wide;
  Publisher bounded{wide, 1};
  EXPECT_TRUE(offer(bounded, 1));
  EXPECT_FALSE(offer(bounded, 2)) << "one in flight is the bound";
}

TEST(Publisher, AcknowledgesNothingAfterARefusal) {
  RecordingSink sink{{.undeliverable = {2}}};
  Publisher publisher{sink, 10};
  for (const auto position : {1, 2, 3}) EXPECT_TRUE(offer(publisher, position));
  EXPECT_EQ(publisher.collect(0ms), 1U);
  EXPECT_EQ(publisher.acknowledged(), 1);
  EXPECT_EQ(publisher.in_flight(), 0U);
  ASSERT_TRUE(publisher.refused().has_value());
  EXPECT_EQ(publisher.refused()->position, 2);
  EXPECT_EQ(publisher.refused()->reason, "not authorised");
}

/// Reports everything twice, against the contract.
class StutteringSink final : public Sink {
 public:
  Send send(const MessageView& message) override {
    last_ = message.position;
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds, std::vector<Delivery>& deliveries) override {
    deliveries.assign(2, Delivery{.position = last_, .outcome = outbox::Delivery::Outcome::delivered, .reason = {}});
  }

 private:
  std::int64_t last_ = 0;
};

TEST(Publisher, StopsWhenTheSinkBreaksItsContract) {
  StutteringSink sink;
  Publisher publisher{sink, 10};
  EXPECT_TRUE(offer(publisher, 1));
  EXPECT_THROW(publisher.collect(0ms), Error);
}

}  // namespace
}  // namespace annals::outbox
