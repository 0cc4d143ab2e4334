#include "annals/kafka/transactional_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <thread>

#include "annals/core/error.hpp"
#include "kafka/messages.hpp"
#include "support/error_of.hpp"
#include "support/kafka_topic.hpp"

namespace annals::tests {
namespace {

using kafka::KafkaTransactionalSink;
using outbox::Sink;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Commit = outbox::Destination::Commit;

const outbox::TransactionalSink::KeepAlive no_wait = [] {};

class KafkaTransactions : public ::testing::Test {
 protected:
  KafkaTransactionalSink::Options options() const {
    return {.sink = {.settings = {{"bootstrap.servers", kafka_brokers()}}}, .checkpoint_topic = checkpoints_};
  }
  std::unique_ptr<KafkaTransactionalSink> make() const { return std::make_unique<KafkaTransactionalSink>(options()); }

  /// Sends one message and waits for its report.
  outbox::Delivery deliver(KafkaTransactionalSink& sink, const std::string& payload) {
    return deliver(sink, payload, topic_);
  }
  outbox::Delivery deliver(KafkaTransactionalSink& sink, const std::string& payload, const std::string& topic) {
    const TestMessage message{.position = ++position_, .topic = topic, .key = "k", .payload = payload};
    std::vector<outbox::Delivery> reports;
    while (sink.send(message.view()) == Sink::Send::full) sink.poll(milliseconds{100}, reports);  // it rests
    for (int i = 0; i < 300 && reports.empty(); ++i) sink.poll(milliseconds{100}, reports);
    EXPECT_EQ(reports.size(), 1U);
    return reports.empty() ? outbox::Delivery{} : reports.front();
  }
  std::vector<std::string> visible() const {
    std::vector<std::string> values;
    for (const auto& record : read_all(topic_)) values.push_back(record.value);
    return values;
  }
  /// Once `count` are there: the marks of a commit are written behind its answer.
  std::vector<std::string> visible(std::size_t count) const {
    auto values = visible();
    for (int i = 0; i < 100 && values.size() < count; ++i) {
      std::this_thread::sleep_for(milliseconds{20});
      values = visible();
    }
    return values;
  }

  std::string topic_ = create_topic(unique_topic("transactions"), 1);
  std::string checkpoints_ = create_topic(unique_topic("checkpoints"), 1, {{"cleanup.policy", "compact"}});
  std::string id_ = unique_topic("relay");
  std::int64_t position_ = 0;
};

TEST_F(KafkaTransactions, ShowsNothingBeforeTheCommitAndAllOfItAfter) {
  const auto sink = make();
  EXPECT_EQ(sink->open(id_, no_wait), "");
  EXPECT_TRUE(deliver(*sink, "1").delivered());
  EXPECT_TRUE(deliver(*sink, "2").delivered());
  EXPECT_THAT(visible(), IsEmpty());
  ASSERT_EQ(sink->commit("up to 2", no_wait), Commit::committed);
  EXPECT_THAT(visible(2), ElementsAre("1", "2"));
  EXPECT_TRUE(deliver(*sink, "3").delivered());
  ASSERT_EQ(sink->commit("up to 3", no_wait), Commit::committed);
  EXPECT_THAT(visible(3), ElementsAre("1", "2", "3"));
  EXPECT_EQ(make()->open(id_, no_wait), "up to 3");
}

TEST_F(KafkaTransactions, CommitsARecordAlone) {
  const auto sink = make();
  (void)sink->open(id_, no_wait);
  ASSERT_EQ(sink->commit("start", no_wait), Commit::committed);
  EXPECT_EQ(make()->open(id_, no_wait), "start");
}

/// The rest may end between the refusal and the waiting: no report comes then that would end that.
TEST_F(KafkaTransactions, WhoIsRefusedAfterACommitIsBackWhenTheRestIsOver) {
  const auto sink = make();
  (void)sink->open(id_, no_wait);
  std::vector<outbox::Delivery> none;
  const TestMessage message{.position = 1, .topic = topic_, .key = "k", .payload = "1"};
  int refused = 0;
  for (int i = 0; i < 20 && refused == 0; ++i) {
    ASSERT_EQ(sink->commit("no message", no_wait), Commit::committed);
    refused += sink->send(message.view()) == Sink::Send::full ? 1 : 0;
  }
  ASSERT_EQ(refused, 1) << "a moment after each commit nothing is taken";
  sink->poll(milliseconds{0}, none);
  std::this_thread::sleep_for(milliseconds{5});
  const auto begin = std::chrono::steady_clock::now();
  sink->poll(seconds{20}, none);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{10});
  EXPECT_EQ(sink->send(message.view()), Sink::Send::accepted);
}

TEST_F(KafkaTransactions, ShutsAPredecessorOutForGood) {
  const auto first = make();
  (void)first->open(id_, no_wait);
  EXPECT_TRUE(deliver(*first, "of the first").delivered());
  const auto second = make();
  EXPECT_EQ(second->open(id_, no_wait), "");
  EXPECT_EQ(first->commit("first", no_wait), Commit::fenced);
  EXPECT_EQ(first->commit("first", no_wait), Commit::fenced);
  EXPECT_TRUE(deliver(*second, "of the second").delivered());
  ASSERT_EQ(second->commit("second", no_wait), Commit::committed);
  EXPECT_THAT(visible(1), ElementsAre("of the second"));
  EXPECT_EQ(make()->open(id_, no_wait), "second");
}

TEST_F(KafkaTransactions, AbortsWhatIsNotCommittedWhenItGoes) {
  {
    const auto sink = make();
    (void)sink->open(id_, no_wait);
    EXPECT_TRUE(deliver(*sink, "never").delivered());
  }
  const auto begin = std::chrono::steady_clock::now();
  write_records(topic_, {{.key = "k", .has_key = true, .value = "later", .has_value = true}});
  EXPECT_THAT(visible(1), ElementsAre("later")) << "readers do not wait for what was left open";
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{10});
  EXPECT_EQ(make()->open(id_, no_wait), "");
}

TEST_F(KafkaTransactions, KeepsIdsApart) {
  const auto one = make();
  const auto other = make();
  (void)one->open(id_ + ".one", no_wait);
  (void)other->open(id_ + ".other", no_wait);
  ASSERT_EQ(one->commit("1", no_wait), Commit::committed);
  ASSERT_EQ(other->commit("2", no_wait), Commit::committed);
  ASSERT_EQ(one->commit("3", no_wait), Commit::committed);
  EXPECT_EQ(make()->open(id_ + ".one", no_wait), "3");
  EXPECT_EQ(make()->open(id_ + ".other", no_wait), "2");
}

// More records of others behind it than are read at first.
TEST_F(KafkaTransactions, FindsARecordFarFromTheEnd) {
  {
    const auto sink = make();
    (void)sink->open(id_, no_wait);
    ASSERT_EQ(sink->commit("old", no_wait), Commit::committed);
  }
  std::vector<Record> others;
  for (int i = 0; i < 5'000; ++i) {
    others.push_back({.key = id_ + "-other", .has_key = true, .value = std::to_string(i), .has_value = true});
  }
  write_records(checkpoints_, others);
  EXPECT_EQ(make()->open(id_, no_wait), "old");
  EXPECT_EQ(make()->open(id_ + "-other", no_wait), "4999");
  EXPECT_EQ(make()->open(id_ + "-nobody", no_wait), "");
}

// What one relay committed while another's transaction is open cannot be read before that ends.
TEST_F(KafkaTransactions, WaitsForAnOpenTransactionOfAnotherAndSaysSo) {
  auto patient = options();
  patient.answer_timeout = milliseconds{1'500};
  {
    KafkaTransactionalSink mine{patient};
    (void)mine.open(id_, no_wait);
    ASSERT_EQ(mine.commit("mine", no_wait), Commit::committed);
  }
  const auto other = make();
  (void)other->open(id_ + "-other", no_wait);
  // In the checkpoint topic itself, as a relay that dies between its record and its commit leaves it.
  EXPECT_TRUE(deliver(*other, "open", checkpoints_).delivered());
  KafkaTransactionalSink blocked{patient};
  const auto error = error_of([&] { (void)blocked.open(id_, no_wait); });
  EXPECT_EQ(error.kind(), ErrorKind::disconnected);
  EXPECT_THAT(error.what(), HasSubstr("another relay's transaction may be open"));
  ASSERT_EQ(other->commit("over", no_wait), Commit::committed);
  EXPECT_EQ(make()->open(id_, no_wait), "mine");
}

// Many relays that commit all the time: at every moment a transaction of one of them is open.
TEST_F(KafkaTransactions, OpensBesideOthersThatNeverRest) {
  {
    const auto mine = make();
    (void)mine->open(id_, no_wait);
    ASSERT_EQ(mine->commit("mine", no_wait), Commit::committed);
  }
  std::array others{make(), make()};
  (void)others[0]->open(id_ + "-0", no_wait);
  (void)others[1]->open(id_ + "-1", no_wait);
  EXPECT_TRUE(deliver(*others[0], "open", checkpoints_).delivered());
  const std::jthread busy{[&](const std::stop_token& stop) {
    for (std::size_t i = 1; !stop.stop_requested(); ++i) {
      EXPECT_TRUE(deliver(*others.at(i % 2), "open", checkpoints_).delivered());
      EXPECT_EQ(others.at((i + 1) % 2)->commit("over", no_wait), Commit::committed);
    }
  }};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(make()->open(id_, no_wait), "mine");
}

TEST_F(KafkaTransactions, RefusesWhatIsTooLargeAndCommitsWhatCameBefore) {
  const auto sink = make();
  (void)sink->open(id_, no_wait);
  EXPECT_TRUE(deliver(*sink, "good").delivered());
  const TestMessage large{
      .position = 9, .topic = topic_, .key = "k", .payload = std::string(std::size_t{2} << 20U, 'x')};
  EXPECT_EQ(error_of([&] { (void)sink->send(large.view()); }).kind(), ErrorKind::refused);
  ASSERT_EQ(sink->commit("before the large one", no_wait), Commit::committed);
  EXPECT_THAT(visible(1), ElementsAre("good"));
}

// By the broker: the transaction is spoilt.
TEST_F(KafkaTransactions, AbortsWhenTheBrokerRefusesAMessage) {
  const auto narrow = create_topic(unique_topic("narrow"), 1, {{"max.message.bytes", "5000"}});
  const auto sink = make();
  (void)sink->open(id_, no_wait);
  EXPECT_TRUE(deliver(*sink, "good").delivered());
  const auto report = deliver(*sink, std::string(50'000, 'x'), narrow);
  EXPECT_FALSE(report.delivered());
  EXPECT_EQ(sink->commit("never", no_wait), Commit::aborted);
  EXPECT_EQ(sink->commit("never", no_wait), Commit::aborted) << "and stays at its end";
  EXPECT_THAT(visible(), IsEmpty());
  EXPECT_EQ(make()->open(id_, no_wait), "");
}

TEST_F(KafkaTransactions, NamesTheMessageToBlameInSingleRequests) {
  const auto narrow = create_topic(unique_topic("narrow"), 1, {{"max.message.bytes", "5000"}});
  const auto refused_of = [&](bool single) {
    auto all = options();
    all.single_requests = single;
    KafkaTransactionalSink sink{all};
    (void)sink.open(id_, no_wait);
    std::vector<TestMessage> messages;
    for (std::int64_t i = 1; i <= 40; ++i) {
      messages.push_back(
          {.position = i, .topic = narrow, .key = "k", .payload = i == 30 ? std::string(20'000, 'x') : "small"});
    }
    for (const auto& message : messages) {
      while (sink.send(message.view()) == Sink::Send::full) {
        std::vector<outbox::Delivery> some;
        sink.poll(milliseconds{10}, some);
        if (!some.empty() && !some.back().delivered()) break;
      }
    }
    std::vector<outbox::Delivery> reports;
    for (int i = 0; i < 100 && sink.queued().messages > 0; ++i) sink.poll(milliseconds{100}, reports);
    std::optional<std::int64_t> refused;
    for (const auto& report : reports) {
      if (report.outcome == outbox::Delivery::Outcome::refused) refused = report.ticket;
    }
    EXPECT_EQ(sink.refused_a_batch(), !single);
    EXPECT_NE(sink.commit("never", no_wait), Commit::committed);
    return refused;
  };
  EXPECT_EQ(refused_of(false), std::nullopt) << "any of its request may be to blame";
  EXPECT_EQ(refused_of(true), 30);
}

TEST_F(KafkaTransactions, NeedsACompactedTopic) {
  auto wrong = options();
  wrong.checkpoint_topic = create_topic(unique_topic("checkpoints"), 1, {{"cleanup.policy", "delete"}});
  KafkaTransactionalSink sink{wrong};
  const auto error = error_of([&] { (void)sink.open(id_, no_wait); });
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.what(), HasSubstr("cleanup.policy=delete"));
  EXPECT_THAT(error.hint(), HasSubstr("kafka-configs.sh --bootstrap-server"));
}

TEST_F(KafkaTransactions, MakesItsTopicWhereThereIsNone) {
  auto fresh = options();
  fresh.checkpoint_topic = unique_topic("made");
  {
    KafkaTransactionalSink sink{fresh};
    EXPECT_EQ(sink.open(id_, no_wait), "");
    ASSERT_EQ(sink.commit("first", no_wait), Commit::committed);
  }
  KafkaTransactionalSink again{fresh};
  EXPECT_EQ(again.open(id_, no_wait), "first") << "compacted, or it would not have been opened";
}

TEST_F(KafkaTransactions, SaysWhenNoCoordinatorAnswers) {
  auto nowhere = options();
  nowhere.sink.settings["bootstrap.servers"] = "127.0.0.1:1";
  nowhere.answer_timeout = milliseconds{300};
  KafkaTransactionalSink sink{nowhere};
  EXPECT_FALSE(sink.connected());
  const auto begin = std::chrono::steady_clock::now();
  const auto error = error_of([&] { (void)sink.open(id_, no_wait); });
  EXPECT_EQ(error.kind(), ErrorKind::disconnected);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{5});
}

}  // namespace
}  // namespace annals::tests
