// An inbox and its source on a real database and a real broker.
#include "annals/projections/inbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>

#include "annals/core/error.hpp"
#include "annals/core/type_registry.hpp"
#include "annals/kafka/source.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "support/kafka_topic.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {
namespace {

using kafka::KafkaSource;
using projections::Inbox;
using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

class KafkaInboxTest : public ::testing::Test {
 protected:
  KafkaInboxTest() {
    direct_.execute(
        "CREATE TABLE public.effects (number bigint GENERATED ALWAYS AS IDENTITY, topic text, payload text)");
  }

  /// A consumer as a program has it: the two together, made anew together.
  struct Consumer {
    KafkaSource source;
    Inbox inbox;
  };
  std::unique_ptr<Consumer> consumer(std::vector<std::string> topics, kafka::Settings settings = {}) {
    settings["bootstrap.servers"] = kafka_brokers();
    settings.try_emplace("session.timeout.ms", "6000");
    // NOLINTNEXTLINE(modernize-make-unique): an aggregate, made in place
    return std::unique_ptr<Consumer>{new Consumer{

        KafkaSource{{.settings = std::move(settings), .group = group_, .topics = std::move(topics), .start = start_}},
        Inbox{database_.database(), "billing", types_, handlers(), {.batch_messages_max = 50}}}};
  }
  projections::MessageHandlers handlers() {
    projections::MessageHandlers out;
    out.on_any([this](const projections::IncomingMessage& message, pqxx::transaction_base& tx) {
      if (fails_) throw std::runtime_error{"not now"};
      postgres::exec_params(tx, "INSERT INTO public.effects (topic, payload) VALUES ($1, $2)",
                            postgres::PqxxParams{}.text(message.topic).text(message.payload));
    });
    return out;
  }

  void feed(const std::string& topic, int first, int last) {
    std::vector<Record> records;
    for (int i = first; i <= last; ++i) {
      records.push_back({.key = "key-" + std::to_string(i % 7),
                         .has_key = true,
                         .value = std::to_string(i),
                         .has_value = true,
                         .headers = {{"ce_id", topic + "/" + prefix_ + std::to_string(i)}, {"ce_source", "/test"}}});
    }
    write_records(topic, records);
  }
  /// Steps until nothing more is to be handled: `count` effects, or half a minute.
  void run(Consumer& consumer, int count) {
    const auto deadline = steady_clock::now() + 30s;
    while (effects() < count && steady_clock::now() < deadline) consumer.inbox.step(consumer.source, 100ms);
    EXPECT_EQ(effects(), count);
    EXPECT_EQ(effects("DISTINCT (topic, payload)"), effects()) << "something took effect twice";
  }
  [[nodiscard]] int effects(const std::string& what = "*") {
    return std::stoi(std::string{direct_.query("SELECT count(" + what + ")::text FROM public.effects").text(0, 0)});
  }
  /// Steps until an Error comes.
  Error error_of(Consumer& consumer) {
    const auto deadline = steady_clock::now() + 30s;
    try {
      while (steady_clock::now() < deadline) consumer.inbox.step(consumer.source, 100ms);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "it goes on, with " << effects() << " effects";
    return Error{ErrorKind::failed, "nothing was thrown"};
  }

  TempDatabase database_;
  postgres::Connection direct_{database_.database()};
  TypeRegistry types_;
  std::string group_ = unique_topic("group");
  kafka::Start start_ = kafka::Start::beginning;
  std::string prefix_;
  bool fails_ = false;
};

TEST_F(KafkaInboxTest, HandlesEverythingOnceThroughRestarts) {
  const auto topic = create_topic(unique_topic("join"), 3);
  feed(topic, 1, 300);
  for (const int count : {100, 200, 300}) {
    const auto life = consumer({topic});
    const auto deadline = steady_clock::now() + 30s;
    while (effects() < count && steady_clock::now() < deadline) life->inbox.step(life->source, 100ms);
  }
  feed(topic, 301, 310);
  run(*consumer({topic}), 310);
}

/// Messages of one topic are deleted before they were read, while batches of the other are being read.
TEST_F(KafkaInboxTest, RetentionInOneTopicLosesNothingOfTheOther) {
  const auto whole = create_topic(unique_topic("whole"), 1);
  const auto cut = create_topic(unique_topic("cut"), 1);
  feed(whole, 1, 1);
  feed(cut, 1, 1);
  {
    const auto life = consumer({whole, cut});
    run(*life, 2);
    fails_ = true;  // a batch that fails holds the inbox: nothing more is fetched
    feed(whole, 2, 2);
    EXPECT_THAT(error_of(*life).what(), HasSubstr("not now"));
    EXPECT_THROW(life->inbox.step(life->source, 0ms), Error);
    feed(whole, 3, 3'001);
    feed(cut, 2, 20);
    delete_records_before(cut, 0, 20);
    fails_ = false;
    const auto error = error_of(*life);
    EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(cut + "[0] begins at offset 20, the next message to handle is 1:"));
    EXPECT_THROW(life->inbox.step(life->source, 100ms), Error) << "a source that failed goes on";
    direct_.execute(error.hint().substr(error.hint().find("UPDATE")));
  }
  run(*consumer({whole, cut}), 3'002);
}

/// It begins with the message that it handled last, to prove the topic; when that is gone too, not with the first that is left.
TEST_F(KafkaInboxTest, RetentionWhileItWasAwayStopsIt) {
  const auto topic = create_topic(unique_topic("away"), 1);
  feed(topic, 1, 5);
  run(*consumer({topic}), 5);
  feed(topic, 6, 20);
  delete_records_before(topic, 0, 12);
  const auto error = error_of(*consumer({topic}));
  EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
  EXPECT_THAT(error.what(), HasSubstr(topic + "[0] begins at offset 12, the next message to handle is 5:"));
  EXPECT_EQ(effects(), 5);
  direct_.execute(error.hint().substr(error.hint().find("UPDATE")));
  run(*consumer({topic}), 13);
}

TEST_F(KafkaInboxTest, DatabaseThatFellBackGetsAgainWhatItLacks) {
  const auto topic = create_topic(unique_topic("fallback"), 2);
  feed(topic, 1, 40);
  run(*consumer({topic}), 40);
  direct_.execute("CREATE TABLE public.saved AS SELECT * FROM annals.inbox_offsets");
  const auto saved = effects();
  feed(topic, 41, 90);
  run(*consumer({topic}), 90);
  // What a standby has that is promoted without the last transactions.
  postgres::Connection{database_.superuser()}.execute(
      "DELETE FROM annals.inbox_offsets; INSERT INTO annals.inbox_offsets SELECT * FROM public.saved;"
      "DELETE FROM public.effects WHERE number > " +
      std::to_string(saved) +
      ";DELETE FROM annals.inbox_messages WHERE NOT EXISTS (SELECT FROM public.effects e"
      " WHERE message_id = e.topic || '/' || e.payload)");
  ASSERT_EQ(effects(), 40);
  delete_group(group_);  // and the group's offsets are gone as well
  run(*consumer({topic}), 90);
}

TEST_F(KafkaInboxTest, PartitionAddedLaterIsReadFromItsBeginning) {
  start_ = kafka::Start::end;
  const auto topic = create_topic(unique_topic("grown"), 1);
  feed(topic, 1, 10);
  {
    const auto life = consumer({topic});
    const auto deadline = steady_clock::now() + 30s;
    while (direct_.query("SELECT 1 FROM annals.inbox_offsets").rows() == 0 && steady_clock::now() < deadline) {
      life->inbox.step(life->source, 100ms);
    }
  }
  add_partitions(topic, 5);
  feed(topic, 11, 60);
  run(*consumer({topic}), 50);
}

/// The new topic has grown past the offset, so only the message that is there tells.
TEST_F(KafkaInboxTest, TopicMadeAnewStopsItWhateverItsLength) {
  for (const int length : {5, 30}) {
    const auto topic = create_topic(unique_topic("anew"), 1);
    direct_.execute("TRUNCATE public.effects");
    feed(topic, 1, 10);
    run(*consumer({topic}), 10);
    delete_topic(topic);
    create_topic(topic, 1);
    prefix_ = "new-";
    feed(topic, 1, length);
    prefix_.clear();
    const auto error = error_of(*consumer({topic}));
    EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
    EXPECT_THAT(error.what(), AllOf(HasSubstr(topic), HasSubstr("made anew")));
    EXPECT_EQ(effects(), 10);
    direct_.execute(error.hint().substr(error.hint().find("UPDATE")));
    const auto life = consumer({topic});
    const auto deadline = steady_clock::now() + 30s;
    while (effects() < 10 + length && steady_clock::now() < deadline) life->inbox.step(life->source, 100ms);
    EXPECT_EQ(effects(), 10 + length);
  }
}

/// The batch fails for longer than max.poll.interval.ms, at which the group would take the partition away.
TEST_F(KafkaInboxTest, BatchThatFailsForLongKeepsItsPartitions) {
  const auto topic = create_topic(unique_topic("busy"), 1);
  const kafka::Settings quick{{"session.timeout.ms", "6000"}, {"max.poll.interval.ms", "6000"}};
  feed(topic, 1, 1);
  const auto busy = consumer({topic}, quick);
  run(*busy, 1);
  fails_ = true;
  feed(topic, 2, 2'000);
  EXPECT_THAT(error_of(*busy).what(), HasSubstr("not now"));
  const auto until = steady_clock::now() + 9s;  // the schedule: half as long again as the interval
  int failures = 0;
  while (steady_clock::now() < until) {
    try {
      busy->inbox.step(busy->source, 100ms);
    } catch (const Error&) {
      ++failures;
    }
    direct_.query("SELECT pg_sleep(0.1)");  // the time that a program waits before it tries again
  }
  EXPECT_GT(failures, 20);
  EXPECT_EQ(group_members(group_), 1) << "the group went on without it";
  fails_ = false;
  run(*busy, 2'000);
}

}  // namespace
}  // namespace annals::tests
