// The loop of a relay on ports in memory: no database, no broker, and a clock that stands still.
#include "relay/relay_run.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

#include "annals/testing/manual_clock.hpp"
#include "annals/testing/memory_destination.hpp"
#include "annals/testing/memory_message_source.hpp"
#include "annals/testing/memory_sink.hpp"
#include "recording_sink.hpp"

namespace annals::outbox {
namespace {

using namespace std::chrono_literals;
using annals::testing::ManualClock;
using annals::testing::MemoryDestination;
using annals::testing::MemoryMessageLog;
using annals::testing::MemoryMessageSource;
using annals::testing::MemoryProgress;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using State = StepReport::State;
using tests::RecordingSink;
using CommitRule = Destination::CommitRule;

class RelayRunTest : public ::testing::Test {
 protected:
  void append(int count) {
    for (int i = 0; i < count; ++i) log_.append({"t", "k", std::to_string(++written_)});
  }
  RelayRun& open(Destination& destination) {
    return open(destination, [this] { renewed_.push_back(clock_.steady()); });
  }
  RelayRun& open(Destination& destination, std::function<void()> renew) {
    source_.emplace(log_, options_.batch_rows_max);
    return run_.emplace(RelayRun::Parts{.source = *source_,
                                        .destination = destination,
                                        .clock = clock_,
                                        .options = options_,
                                        .log = {"log", "annals"},
                                        .admission = Admission{options_, {}},
                                        .tenure = {.talk_within = talk_within, .renew = std::move(renew)}});
  }
  StepReport step_until_idle(RelayRun& run) {
    for (int i = 0; i < 10'000; ++i) {
      auto report = run.step(1ms);
      if (report.state == State::idle) return report;
      clock_.advance(1ms);
    }
    ADD_FAILURE() << "never idle";
    return {};
  }
  static std::vector<std::string> payloads(const RecordingSink& sink) {
    std::vector<std::string> out;
    for (const auto& message : sink.received) out.push_back(message.payload);
    return out;
  }
  static std::vector<std::string> numbers(int first, int last) {
    std::vector<std::string> out;
    for (int i = first; i <= last; ++i) out.push_back(std::to_string(i));
    return out;
  }

  /// The longest time between two renewals of the ownership, from `begin` to now.
  std::chrono::steady_clock::duration longest_silence(std::chrono::steady_clock::time_point begin) const {
    std::chrono::steady_clock::duration longest{};
    for (const auto at : renewed_) {
      longest = std::max(longest, at - begin);
      begin = at;
    }
    return std::max(longest, clock_.steady() - begin);
  }

  static constexpr auto talk_within = 100ms;
  ManualClock clock_;
  std::vector<std::chrono::steady_clock::time_point> renewed_;
  MemoryMessageLog log_;
  MemoryProgress progress_;
  RelayOptions options_{.name = "main"};
  int written_ = 0;
  std::optional<MemoryMessageSource> source_;
  std::optional<RelayRun> run_;
};

TEST_F(RelayRunTest, CommitsACursorAndTellsTheSource) {
  append(10);
  RecordingSink sink;
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  EXPECT_EQ(step_until_idle(run).checkpoint, 10);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(1, 10)));
  EXPECT_EQ(progress_.relays["main"].cursor, source_->cursor(10));
  EXPECT_EQ(source_->acknowledged, source_->cursor(10));
}

TEST_F(RelayRunTest, GoesOnFromTheDestinationsCheckpoint) {
  append(10);
  {
    RecordingSink sink;
    MemoryDestination destination{sink, progress_, "main"};
    step_until_idle(open(destination));
  }
  append(3);
  RecordingSink sink;
  MemoryDestination destination{sink, progress_, "main"};
  step_until_idle(open(destination));
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(11, 13)));
}

// A hundred messages a second, each delivered before the next comes.
TEST_F(RelayRunTest, WritesTenCheckpointsASecondAtMostInATrickle) {
  RecordingSink sink;
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  const auto before = destination.commits.size();
  for (int i = 0; i < 1'000; ++i) {
    append(1);
    for (int n = 0; n < 5; ++n) {
      (void)run.step(2ms);
      clock_.advance(2ms);
    }
  }
  EXPECT_GE(destination.commits.size() - before, 90U);
  EXPECT_LE(destination.commits.size() - before, 101U);
  EXPECT_EQ(sink.received.size(), 1'000U);
}

TEST_F(RelayRunTest, RecordsALoneMessageAtOnce) {
  RecordingSink sink;
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  step_until_idle(run);
  clock_.advance(1s);
  append(1);
  (void)run.step(0ms);
  EXPECT_EQ(run.step(0ms).checkpoint, 1) << "without the clock having moved";
}

/// Breaks in send(), as a producer with a fatal error does; what was refused is reported afterwards.
class FatalSink final : public Sink {
 public:
  explicit FatalSink(std::int64_t refused) : refused_(refused) {}
  Send send(const MessageView& message) override {
    if (queued_.size() >= 50) throw Error{ErrorKind::failed, "fatal: an earlier message failed"};
    queued_.push_back(message.ticket);
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds, std::vector<Delivery>& deliveries) override {
    if (queued_.size() < 50) return;  // it is in the broker's hands
    for (const auto ticket : std::exchange(queued_, std::vector<std::int64_t>(50, 0))) {
      if (ticket == 0) continue;
      const auto outcome = ticket == refused_ ? Delivery::Outcome::refused : Delivery::Outcome::undecided;
      deliveries.push_back({ticket, outcome, ticket == refused_ ? "no such topic" : "purged"});
    }
  }

 private:
  std::int64_t refused_;
  std::vector<std::int64_t> queued_;
};

TEST_F(RelayRunTest, AsksABrokenSinkForItsReportsAndNamesTheMessageThatWasRefused) {
  append(200);
  FatalSink sink{31};
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  try {
    for (int i = 0; i < 10; ++i) (void)run.step(1ms);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("message 31 ("));
  }
}

TEST_F(RelayRunTest, CallsNothingPoisonWhenASinkBreaksWithoutAWord) {
  append(200);
  FatalSink sink{0};
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  try {
    for (int i = 0; i < 10; ++i) (void)run.step(1ms);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failed) << error.what();
    EXPECT_TRUE(error.retryable());
  }
  EXPECT_EQ(progress_.relays["main"].cursor, source_->cursor(0));
}

/// Takes its time over everything, and tells nothing before it has passed.
class SlowSink final : public Sink {
 public:
  SlowSink(ManualClock& clock, std::chrono::milliseconds takes) : clock_(clock), left_(takes) {}
  Send send(const MessageView& message) override {
    if (message.ticket == 2 && refuses) throw Error{ErrorKind::refused, "message too large"};
    sent_.push_back(message.ticket);
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds wait, std::vector<Delivery>& deliveries) override {
    const auto waited = std::min(wait, left_);
    clock_.advance(waited);
    left_ -= waited;
    if (left_ > 0ms) return;
    for (const auto ticket : std::exchange(sent_, {})) deliveries.push_back({ticket, Delivery::Outcome::delivered, {}});
  }
  bool refuses = false;

 private:
  ManualClock& clock_;
  std::chrono::milliseconds left_;
  std::vector<std::int64_t> sent_;
};

/// Delivers at once, and takes as long for it as it may.
class SlowToSend final : public Sink {
 public:
  explicit SlowToSend(ManualClock& clock) : clock_(clock) {}
  Send send(const MessageView& message) override {
    clock_.advance(1s);
    sent_.push_back(message.ticket);
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds, std::vector<Delivery>& deliveries) override {
    for (const auto ticket : std::exchange(sent_, {})) deliveries.push_back({ticket, Delivery::Outcome::delivered, {}});
  }

 private:
  ManualClock& clock_;
  std::vector<std::int64_t> sent_;
};

TEST_F(RelayRunTest, StaysTheOwnerAndLetsTheSourceRestWhileMessagesTakeASecondEach) {
  SlowToSend sink{clock_};
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  append(20);
  const auto begin = clock_.steady();
  EXPECT_EQ(step_until_idle(run).checkpoint, 20);
  EXPECT_LE(longest_silence(begin), 1s + 2ms);
  EXPECT_GE(source_->rests, 19U);
}

TEST_F(RelayRunTest, StaysTheOwnerWhileItDrains) {
  SlowSink sink{clock_, 3s};
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  append(3);
  (void)run.step(0ms);
  const auto begin = clock_.steady();
  run.drain(10s);
  EXPECT_EQ(clock_.steady() - begin, 3s);
  EXPECT_LE(longest_silence(begin), talk_within);
  EXPECT_EQ(progress_.relays["main"].cursor, source_->cursor(3));
}

TEST_F(RelayRunTest, StaysTheOwnerWhileItWaitsForTheReportsAfterARefusal) {
  SlowSink sink{clock_, 3s};
  sink.refuses = true;
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  append(3);
  const auto begin = clock_.steady();
  EXPECT_THROW((void)run.step(0ms), Error);
  run.leave();
  EXPECT_EQ(clock_.steady() - begin, 3s);
  EXPECT_LE(longest_silence(begin), talk_within);
  EXPECT_EQ(progress_.relays["main"].cursor, source_->cursor(1));
}

TEST_F(RelayRunTest, EndsItsDrainWhenTheOwnershipIsLost) {
  SlowSink sink{clock_, 3s};
  MemoryDestination destination{sink, progress_, "main"};
  bool lost = false;
  auto& run = open(destination, [&] {
    if (lost) throw Error{ErrorKind::disconnected, "the session is gone"};
  });
  append(3);
  (void)run.step(0ms);
  lost = true;
  const auto begin = clock_.steady();
  EXPECT_THROW(run.drain(10s), Error);
  EXPECT_EQ(clock_.steady() - begin, talk_within);
}

/// Under a flow that never ends, and a sink that always has something in flight.
class RelayRunInTransactions : public RelayRunTest {
 protected:
  RelayRunInTransactions() {
    options_.checkpoint_interval = 20ms;
    options_.batch_rows_max = 10;
  }
  void run_under_flow(MemoryDestination& destination) {
    auto& run = open(destination);
    options_.at_point = [&](std::string_view point) {
      if (point == "checkpoint") in_flight_.push_back(run.in_flight());
    };
    for (int i = 0; i < 200; ++i) {
      append(10);
      (void)run.step(1ms);
      clock_.advance(1ms);
    }
    options_.at_point = {};
  }
  annals::testing::MemorySink sink_{{.delay_polls = 4}};
  std::vector<std::size_t> in_flight_;  // at each commit
};

TEST_F(RelayRunInTransactions, CommitsWhenNothingIsInFlightAndWaitsForThat) {
  MemoryDestination destination{sink_, progress_, "main", CommitRule::all_sent};
  run_under_flow(destination);
  EXPECT_GE(in_flight_.size(), 5U);
  EXPECT_THAT(in_flight_, ::testing::Each(0U));
}

TEST_F(RelayRunInTransactions, CommitsBesideWhatIsInFlightWhereAnyPrefixMayBe) {
  MemoryDestination destination{sink_, progress_, "main", CommitRule::any_prefix};
  run_under_flow(destination);
  EXPECT_GE(in_flight_.size(), 5U);
  EXPECT_THAT(in_flight_, ::testing::Contains(::testing::Gt(0U)));
}

TEST_F(RelayRunInTransactions, CommitsBeforeItWaitsForARateLimit) {
  options_.checkpoint_interval = 1h;
  options_.rate_limits = {{.topic = "*", .messages_per_second = 100}};
  MemoryDestination destination{sink_, progress_, "main", CommitRule::all_sent};
  auto& run = open(destination);
  append(40);
  step_until_idle(run);
  EXPECT_GE(destination.commits.size(), 20U) << "nothing waits in an open transaction";
}

// What came after the message that failed may be in the transaction, too.
TEST_F(RelayRunInTransactions, CommitsNoPartOfOneInWhichAMessageFailed) {
  RecordingSink sink{{.undeliverable = {2}}};
  MemoryDestination destination{sink, progress_, "main", CommitRule::all_sent};
  auto& run = open(destination);
  const auto before = destination.commits.size();
  append(3);
  EXPECT_THROW(step_until_idle(run), Error);
  run.leave();
  EXPECT_EQ(destination.commits.size(), before);
}

/// Delivers at once, and has the time pass that it is waited for in vain.
class WaitingSink final : public Sink {
 public:
  explicit WaitingSink(ManualClock& clock) : clock_(clock) {}
  Send send(const MessageView& message) override {
    sent_.push_back(message.ticket);
    return Send::accepted;
  }
  void poll(std::chrono::milliseconds wait, std::vector<Delivery>& deliveries) override {
    if (sent_.empty()) clock_.advance(wait);
    for (const auto ticket : std::exchange(sent_, {})) deliveries.push_back({ticket, Delivery::Outcome::delivered, {}});
  }

 private:
  ManualClock& clock_;
  std::vector<std::int64_t> sent_;
};

TEST_F(RelayRunTest, KeepsToItsRateLimitAndSaysHowLongItWaited) {
  options_.rate_limits = {{.topic = "*", .messages_per_second = 100}};
  WaitingSink sink{clock_};
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  append(500);
  const auto begin = clock_.steady();
  std::chrono::duration<double> throttled{0};
  while (true) {
    const auto report = run.step(20ms);
    throttled += report.throttled;
    if (report.state == State::idle) break;
  }
  const std::chrono::duration<double> took = clock_.steady() - begin;
  EXPECT_NEAR(took.count(), 4.9, 0.5);
  EXPECT_NEAR(throttled.count(), took.count(), 0.5);
}

TEST_F(RelayRunTest, TakesAnotherRateLimitWhileItRuns) {
  options_.rate_limits = {{.topic = "*", .messages_per_second = 1}};
  RecordingSink sink;
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  append(500);
  for (int i = 0; i < 100; ++i) {
    (void)run.step(1ms);
    clock_.advance(1ms);
  }
  EXPECT_LE(sink.received.size(), 2U);
  run.limit({});
  step_until_idle(run);
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(1, 500)));
}

TEST_F(RelayRunTest, EndsWhenASuccessorHasOpened) {
  RecordingSink sink;
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  MemoryDestination successor{sink, progress_, "main"};
  (void)successor.open();
  append(1);
  try {
    step_until_idle(run);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::disconnected) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("another relay"));
  }
}

TEST_F(RelayRunTest, EndsAndCanBeTriedAgainWhenACommitFails) {
  for (const auto outcome : {Destination::Commit::aborted, Destination::Commit::unknown}) {
    RecordingSink sink;
    MemoryDestination destination{sink, progress_, "main"};
    auto& run = open(destination);
    destination.outcome = outcome;
    append(1);
    try {
      step_until_idle(run);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_TRUE(error.retryable()) << error.what();
    }
  }
}

// Messages that are passed over take no room at the sink; they must not let the relay run ahead without bound either.
TEST_F(RelayRunTest, DoesNotRunAheadOfWhatIsInFlight) {
  options_.unrouted = Unrouted::skip;
  options_.in_flight_max = 20;
  options_.batch_rows_max = 10;
  append(1);
  for (int i = 0; i < 1'000; ++i) log_.append({"", "k", "no topic, no route"});
  RecordingSink sink{{.stalled = true}};
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  std::size_t read = 0;
  for (int i = 0; i < 200; ++i) read += run.step(1ms).read;
  EXPECT_LE(read, 30U);
  sink.options().stalled = false;
  EXPECT_EQ(step_until_idle(run).checkpoint, 1'001);
}

TEST_F(RelayRunTest, HearsTheSourceWhileTheSinkIsFull) {
  append(100);
  RecordingSink sink{{.room = 5, .stalled = true}};
  MemoryDestination destination{sink, progress_, "main"};
  auto& run = open(destination);
  for (int i = 0; i < 20; ++i) (void)run.step(1ms);
  EXPECT_GE(source_->rests, 10U);
}

TEST_F(RelayRunTest, StartsANewNameBesideOthersOnlyWhenToldWhere) {
  append(3);
  RecordingSink sink;
  {
    MemoryDestination destination{sink, progress_, "main"};
    step_until_idle(open(destination));
  }
  sink.received.clear();
  options_.name = "mian";
  for (int i = 0; i < 2; ++i) {
    MemoryDestination mistyped{sink, progress_, "mian"};
    try {
      (void)open(mistyped);
      ADD_FAILURE() << "it would have published everything again";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid);
      EXPECT_THAT(error.what(), HasSubstr("\"main\""));
    }
  }
  options_.start = Start{.at = Start::At::position, .position = 2};
  MemoryDestination meant{sink, progress_, "mian"};
  step_until_idle(open(meant));
  EXPECT_THAT(payloads(sink), ElementsAreArray(numbers(3, 3)));
}

}  // namespace
}  // namespace annals::outbox
