#include "relay/publisher.hpp"

#include <gtest/gtest.h>

#include "annals/testing/memory_destination.hpp"
#include "recording_sink.hpp"

namespace annals::outbox {
namespace {

using namespace std::chrono_literals;
using testing::MemoryDestination;
using testing::MemoryProgress;
using tests::RecordingSink;

bool offer(Publisher& publisher, std::int64_t position) {
  MessageView view;
  view.ticket = view.position = position;
  view.topic = "orders";
  return publisher.offer(view);
}

TEST(Publisher, AcknowledgesWhatTheSinkDelivered) {
  RecordingSink sink{{.backwards = true}};
  MemoryProgress progress;
  MemoryDestination destination{sink, progress};
  Publisher publisher{destination, 10};
  EXPECT_TRUE(offer(publisher, 1));
  publisher.skip(2);
  EXPECT_TRUE(offer(publisher, 3));
  EXPECT_EQ(publisher.acknowledged(), 0);
  EXPECT_EQ(publisher.in_flight(), 2U);
  EXPECT_EQ(publisher.collect(0ms), 2U);
  EXPECT_EQ(publisher.acknowledged(), 3);
  EXPECT_EQ(publisher.in_flight(), 0U);
}

TEST(Publisher, CountsTheBytesOfWhatWasDelivered) {
  RecordingSink sink{{.undeliverable = {2}}};
  MemoryProgress progress;
  MemoryDestination destination{sink, progress};
  Publisher publisher{destination, 10};
  const auto view = [](std::int64_t ticket, std::string_view key, std::string_view payload) {
    MessageView message;
    message.ticket = message.position = ticket;
    message.key = key;
    message.payload = payload;
    return message;
  };
  EXPECT_TRUE(publisher.offer(view(1, "key", "four")));
  EXPECT_TRUE(publisher.offer_aside(view(-1, "", "aside")));
  EXPECT_TRUE(publisher.offer(view(2, "key", "refused")));
  EXPECT_EQ(publisher.take_sums().bytes, 0U);
  EXPECT_EQ(publisher.collect(0ms), 2U);
  const auto sums = publisher.take_sums();
  EXPECT_EQ(sums.bytes, 12U);
  EXPECT_EQ(sums.aside, 1U);
  EXPECT_EQ(publisher.take_sums().bytes, 0U) << "each is told once";
}

TEST(Publisher, TakesNoMoreThanTheSinkOrTheBoundHasRoomFor) {
  RecordingSink sink{{.room = 2}};
  MemoryProgress progress;
  MemoryDestination destination{sink, progress};
  Publisher publisher{destination, 3};
  EXPECT_TRUE(offer(publisher, 1));
  EXPECT_TRUE(offer(publisher, 2));
  EXPECT_FALSE(offer(publisher, 3)) << "the sink is full";
  EXPECT_EQ(publisher.collect(0ms), 2U);
  EXPECT_TRUE(offer(publisher, 3));

  RecordingSink wide;
  MemoryDestination wide_destination{wide, progress};
  Publisher bounded{wide_destination, 1};
  EXPECT_TRUE(offer(bounded, 1));
  EXPECT_FALSE(offer(bounded, 2)) << "one in flight is the bound";
}

TEST(Publisher, AcknowledgesNothingAfterARefusal) {
  RecordingSink sink{{.undeliverable = {2}}};
  MemoryProgress progress;
  MemoryDestination destination{sink, progress};
  Publisher publisher{destination, 10};
  for (const auto position : {1, 2, 3}) EXPECT_TRUE(offer(publisher, position));
  EXPECT_EQ(publisher.collect(0ms), 1U);
  EXPECT_EQ(publisher.acknowledged(), 1);
  EXPECT_EQ(publisher.in_flight(), 0U);
  ASSERT_TRUE(!publisher.refused().empty());
  EXPECT_EQ(publisher.refused().front().ticket, 2);
  EXPECT_EQ(publisher.refused().front().reason, "not authorised");
}

TEST(Publisher, KeepsRefusedAndGivenUpApart) {
  RecordingSink sink{{.undeliverable = {3}, .given_up = {2}}};
  MemoryProgress progress;
  MemoryDestination destination{sink, progress};
  Publisher publisher{destination, 10};
  for (const auto position : {1, 2, 3, 4}) EXPECT_TRUE(offer(publisher, position));
  EXPECT_EQ(publisher.collect(0ms), 1U);
  EXPECT_TRUE(publisher.failed());
  EXPECT_EQ(publisher.in_flight(), 0U);
  EXPECT_EQ(publisher.acknowledged(), 1);
  ASSERT_TRUE(!publisher.refused().empty() && publisher.undecided());
  EXPECT_EQ(publisher.refused().front().ticket, 3);
  EXPECT_EQ(publisher.undecided()->ticket, 2);
}

TEST(Publisher, KeepsTheFirstOfTheLogWhicheverIsReportedFirst) {
  RecordingSink sink{{.undeliverable = {2, 4}, .backwards = true}};
  MemoryProgress progress;
  MemoryDestination destination{sink, progress};
  Publisher publisher{destination, 10};
  for (const auto position : {1, 2, 3, 4, 5}) EXPECT_TRUE(offer(publisher, position));
  publisher.collect(0ms);
  ASSERT_TRUE(!publisher.refused().empty() && publisher.undecided());
  EXPECT_EQ(publisher.refused().front().ticket, 2);
  EXPECT_EQ(publisher.undecided()->ticket, 3);
}

/// Has reports, and breaks while it gives them.
class BreakingSink final : public Sink {
 public:
  Send send(const MessageView&) override { return Send::accepted; }
  void poll(std::chrono::milliseconds, std::vector<Delivery>& deliveries) override {
    deliveries.push_back({.ticket = 1, .outcome = Delivery::Outcome::delivered, .reason = {}});
    throw Error{ErrorKind::failed, "broken"};
  }
};

TEST(Publisher, CountsWhatWasReportedBeforeTheSinkBroke) {
  BreakingSink sink;
  MemoryProgress progress;
  MemoryDestination destination{sink, progress};
  Publisher publisher{destination, 10};
  EXPECT_TRUE(offer(publisher, 1));
  EXPECT_THROW(publisher.collect(0ms), Error);
  EXPECT_EQ(publisher.acknowledged(), 1);
}

/// Reports everything twice, against the contract.
class StutteringSink final : public Sink {
 public:
  Send send(const MessageView& message) override {
    last_ = message.ticket;
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds, std::vector<Delivery>& deliveries) override {
    deliveries.assign(2, Delivery{.ticket = last_, .outcome = outbox::Delivery::Outcome::delivered, .reason = {}});
  }

 private:
  std::int64_t last_ = 0;
};

TEST(Publisher, StopsWhenTheSinkBreaksItsContract) {
  StutteringSink sink;
  MemoryProgress progress;
  MemoryDestination destination{sink, progress};
  Publisher publisher{destination, 10};
  EXPECT_TRUE(offer(publisher, 1));
  EXPECT_THROW(publisher.collect(0ms), Error);
}

}  // namespace
}  // namespace annals::outbox
