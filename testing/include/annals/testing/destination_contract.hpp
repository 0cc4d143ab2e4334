#pragma once
// The contract of outbox::Destination as a GoogleTest suite; what it says of a Sink is in sink_contract.hpp. A test program
// includes this once and instantiates it for its adapter:
//
//     INSTANTIATE_TEST_SUITE_P(AtLeastOnce, DestinationContract,
//                              ::testing::Values(DestinationAdapter{"memory_sink", make_harness}));
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "annals/outbox/destination.hpp"

namespace annals::testing {

/// An adapter and the way to look at what it did. One a test.
class DestinationHarness {
 public:
  DestinationHarness() = default;
  DestinationHarness(const DestinationHarness&) = delete;
  DestinationHarness& operator=(const DestinationHarness&) = delete;
  virtual ~DestinationHarness() = default;

  /// A destination of one log for the relay of this name. Several may live at once.
  virtual std::unique_ptr<outbox::Destination> make(const std::string& relay) = 0;
  /// A cursor that it can record; each call gives a later one.
  virtual outbox::Cursor next_cursor() = 0;
  /// Payloads that another reader finds on the other side, in order.
  virtual std::vector<std::string> durable() = 0;
};

struct DestinationAdapter {
  std::string name;
  std::function<std::unique_ptr<DestinationHarness>()> make;
  std::chrono::milliseconds patience = std::chrono::seconds{30};  ///< for everything in flight to be reported

  friend std::ostream& operator<<(std::ostream& out, const DestinationAdapter& adapter) { return out << adapter.name; }
};

class DestinationContract : public ::testing::TestWithParam<DestinationAdapter> {
 protected:
  using Commit = outbox::Destination::Commit;

  DestinationContract() : harness_(GetParam().make()) {}

  /// Sends one message and waits until it is reported as delivered.
  void deliver(outbox::Destination& destination, std::int64_t ticket, const std::string& payload) {
    outbox::MessageView view;
    view.ticket = view.position = ticket;
    view.topic = "contract";
    view.key = "key";
    view.id = EventId::generate();
    view.type = "contract.v1.Numbered";
    view.payload = payload;
    ASSERT_EQ(destination.send(view), outbox::Sink::Send::accepted);
    std::vector<outbox::Delivery> deliveries;
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    while (deliveries.empty() && std::chrono::steady_clock::now() < deadline) {
      destination.poll(std::chrono::milliseconds{10}, deliveries);
    }
    ASSERT_EQ(deliveries.size(), 1U);
    EXPECT_EQ(deliveries[0].ticket, ticket);
    EXPECT_TRUE(deliveries[0].delivered()) << deliveries[0].reason;
  }
  outbox::Checkpoint checkpoint(const std::string& relay = "relay") { return harness_->make(relay)->open(); }

  std::unique_ptr<DestinationHarness> harness_;
};

TEST_P(DestinationContract, KnowsNothingBeforeTheFirstCommit) {
  EXPECT_TRUE(checkpoint().cursor.empty());
  EXPECT_TRUE(checkpoint().cursor.empty()) << "to open is not to commit";
  EXPECT_TRUE(checkpoint().others.empty());
}

TEST_P(DestinationContract, FindsWhatWasCommittedLast) {
  outbox::Cursor last;
  {
    const auto destination = harness_->make("relay");
    (void)destination->open();
    for (int i = 0; i < 3; ++i) ASSERT_EQ(destination->commit(last = harness_->next_cursor()), Commit::committed);
  }
  EXPECT_EQ(checkpoint().cursor, last);
  EXPECT_EQ(checkpoint().cursor, last) << "to open does not change it";
}

TEST_P(DestinationContract, GivesTheNoteBackWhereAllThatIsSentIsCommittedTogether) {
  for (const std::string note : {"a-note", "", "another"}) {
    {
      const auto destination = harness_->make("relay");
      (void)destination->open();
      ASSERT_EQ(destination->commit(harness_->next_cursor(), note), Commit::committed);
      if (destination->commit_rule() != outbox::Destination::CommitRule::all_sent) return;
    }
    EXPECT_EQ(checkpoint().note, note);
  }
}

TEST_P(DestinationContract, GoesOnFromWhatAPredecessorCommitted) {
  for (int i = 0; i < 3; ++i) {
    const auto destination = harness_->make("relay");
    (void)destination->open();
    ASSERT_EQ(destination->commit(harness_->next_cursor()), Commit::committed);
  }
}

TEST_P(DestinationContract, DeliversWhatIsSentBeforeItIsCommitted) {
  const auto destination = harness_->make("relay");
  (void)destination->open();
  for (std::int64_t i = 1; i <= 3; ++i) ASSERT_NO_FATAL_FAILURE(deliver(*destination, i, std::to_string(i)));
  ASSERT_EQ(destination->commit(harness_->next_cursor()), Commit::committed);
  EXPECT_EQ(harness_->durable(), (std::vector<std::string>{"1", "2", "3"}));
}

TEST_P(DestinationContract, ShutsAPredecessorOut) {
  const auto first = harness_->make("relay");
  (void)first->open();
  const auto before = harness_->next_cursor();
  ASSERT_EQ(first->commit(before), Commit::committed);
  const auto second = harness_->make("relay");
  EXPECT_EQ(second->open().cursor, before);
  EXPECT_EQ(first->commit(harness_->next_cursor()), Commit::fenced);
  const auto after = harness_->next_cursor();
  EXPECT_EQ(second->commit(after), Commit::committed);
  EXPECT_EQ(first->commit(harness_->next_cursor()), Commit::fenced);
  EXPECT_EQ(checkpoint().cursor, after);
}

TEST_P(DestinationContract, LetsOneOfTwoNewcomersBegin) {
  const auto first = harness_->make("relay");
  const auto second = harness_->make("relay");
  (void)first->open();
  (void)second->open();
  const auto begun = harness_->next_cursor();
  ASSERT_EQ(second->commit(begun), Commit::committed);
  EXPECT_EQ(first->commit(harness_->next_cursor()), Commit::fenced);
  EXPECT_EQ(checkpoint().cursor, begun);
}

TEST_P(DestinationContract, KeepsNamesApartAndTellsANewcomerOfThem) {
  const auto first = harness_->make("relay");
  (void)first->open();
  const auto cursor = harness_->next_cursor();
  ASSERT_EQ(first->commit(cursor), Commit::committed);
  const auto other = checkpoint("other");
  EXPECT_TRUE(other.cursor.empty());
  EXPECT_EQ(other.others, std::vector<std::string>{"relay"});
  EXPECT_EQ(first->commit(harness_->next_cursor()), Commit::committed) << "another name shuts nobody out";
}

TEST_P(DestinationContract, MayBePolledBeforeItIsOpened) {
  const auto destination = harness_->make("relay");
  std::vector<outbox::Delivery> none;
  destination->poll(std::chrono::milliseconds{0}, none);
  EXPECT_TRUE(none.empty());
}

}  // namespace annals::testing
