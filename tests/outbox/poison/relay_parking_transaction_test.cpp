// What was parked is released in the transaction of the messages beside it, with a note that says so.
#include <gmock/gmock.h>

#include <set>
#include <stdexcept>

#include "annals/outbox/parked.hpp"
#include "annals/outbox/transactional_sink.hpp"
#include "relay_parking_base.hpp"

namespace annals::tests {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::SizeIs;

class RelayParkingTransaction : public RelayParkingBase {};

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
TEST_F(RelayParkingTransaction, CommitsABatchWithItsNoteOrNotAtAll) {
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
TEST_F(RelayParkingTransaction, FinishesOnlyWhatWasCommittedWithTheNote) {
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

}  // namespace
}  // namespace annals::tests
