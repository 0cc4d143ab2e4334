// What a broker with ACLs lets a principal do, and what the errors of those that may not say: the right that is missing, and a command
// that gives it.
#include <gmock/gmock.h>

#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <thread>

#include "annals/core/error.hpp"
#include "annals/core/event_id.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "kafka/messages.hpp"
#include "support/kafka_command.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class KafkaAcl : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("ANNALS_KAFKA_NAMED") == nullptr) GTEST_SKIP() << "only the stack's own broker has a user for this";
    named_ = std::getenv("ANNALS_KAFKA_NAMED");
  }
  kafka::Settings settings() const {
    return {{"bootstrap.servers", named_},
            {"security.protocol", "sasl_plaintext"},
            {"sasl.mechanism", "PLAIN"},
            {"sasl.username", "named"},
            {"sasl.password", "named"}};
  }
  void give(const std::string& rights) const {
    run_shown_command("kafka-acls.sh --bootstrap-server " + named_ + " --add --allow-principal User:NAME " + rights,
                      named_, kafka_brokers());
  }
  /// Does it until it comes off, with what its errors say; returns the commands, from where the rights begin.
  template <class Work>
  std::vector<std::string> grant_until(const Work& work) {
    std::vector<std::string> commands;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      const std::optional<Error> error = work();
      if (!error) return commands;
      const auto at = error->hint().find("kafka-");
      if (at == std::string::npos) throw std::runtime_error{error->what()};
      const auto command = error->hint().substr(at);
      if (!commands.empty() && commands.back() == command) {  // a broker learns of it a moment later
        std::this_thread::sleep_for(50ms);
        continue;
      }
      commands.push_back(command);
      run_shown_command(command, named_, kafka_brokers());
    }
    throw std::runtime_error{"it never came off: " + std::string{work()->what()}};
  }

  std::string named_;
};

outbox::MessageView message_to(const std::string& topic) {
  outbox::MessageView message;
  message.ticket = message.position = 1;
  message.topic = topic;
  message.key = "k";
  message.id = EventId::generate();
  message.type = "T";
  message.payload = "v";
  return message;
}

/// The error of one message and its transaction, or nothing.
std::optional<Error> publish(const kafka::KafkaTransactionalSinkOptions& options, const std::string& id,
                             const std::string& topic) {
  try {
    kafka::KafkaTransactionalSink sink{options};
    (void)sink.open(id, [] {});
    while (sink.send(message_to(topic)) == outbox::Sink::Send::full) {
    }
    std::vector<outbox::Delivery> reports;
    for (int i = 0; i < 200 && reports.empty(); ++i) sink.poll(50ms, reports);
    if (reports.empty()) return Error{ErrorKind::failed, "no report"};
    if (!reports[0].delivered()) return Error{ErrorKind::refused, "not delivered", {.hint = reports[0].reason}};
    EXPECT_EQ(sink.commit("record", [] {}), outbox::Destination::Commit::committed);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

TEST_F(KafkaAcl, ExactlyOnceNamesEachRightThatIsMissingAndTheCommandsGiveThem) {
  const auto topic = create_topic(unique_topic("acl"), 1);
  const auto prefix = unique_topic("acl-relay") + "-";
  const auto id = prefix + EventId::generate().to_string();
  const kafka::KafkaTransactionalSinkOptions options{.sink = {.settings = settings()},
                                                     .checkpoint_topic = topic + ".checkpoints"};
  const auto commands = grant_until([&] { return publish(options, id, topic); });
  EXPECT_THAT(commands, ElementsAre(HasSubstr("--operation Write --operation Describe --transactional-id " + prefix +
                                              " --resource-pattern-type prefixed"),
                                    HasSubstr("--operation DescribeConfigs --topic " + topic + ".checkpoints"),
                                    HasSubstr("kafka-topics.sh --bootstrap-server " + named_ + " --create --topic " +
                                              topic + ".checkpoints"),
                                    HasSubstr("--operation Write --operation Describe --topic " + topic)));
  EXPECT_THAT(read_all(topic), SizeIs(1));
}

TEST_F(KafkaAcl, AtLeastOnceNamesTheRightThatIsMissingAndTheCommandGivesIt) {
  const auto topic = create_topic(unique_topic("acl"), 1);
  const auto commands = grant_until([&]() -> std::optional<Error> {
    try {
      kafka::KafkaSink sink{{.settings = settings()}};
      while (sink.send(message_to(topic)) == outbox::Sink::Send::full) {
      }
      std::vector<outbox::Delivery> reports;
      for (int i = 0; i < 200 && reports.empty(); ++i) sink.poll(50ms, reports);
      const bool delivered = !reports.empty() && reports[0].delivered();
      return delivered ? std::nullopt : std::optional{Error{ErrorKind::failed, "not delivered"}};
    } catch (const Error& error) {
      return error;
    }
  });
  EXPECT_THAT(commands, ElementsAre(HasSubstr("--operation Write --operation Describe --topic " + topic)));
  EXPECT_THAT(read_all(topic), SizeIs(1));
}

// Everything but the one right that no call needs before the first commit.
TEST_F(KafkaAcl, ExactlyOnceNamesTheRightThatOnlyItsCommitNeeds) {
  const auto topic = create_topic(unique_topic("acl"), 1);
  const auto checkpoints = create_topic(unique_topic("acl-checkpoints"), 1, {{"cleanup.policy", "compact"}});
  give("--operation Write --operation Describe --topic " + topic + " --transactional-id " + topic);
  give("--operation Read --operation Describe --operation DescribeConfigs --topic " + checkpoints);
  const kafka::KafkaTransactionalSinkOptions options{.sink = {.settings = settings()}, .checkpoint_topic = checkpoints};
  const auto commands = grant_until([&] { return publish(options, topic, topic); });
  EXPECT_THAT(commands,
              ElementsAre(HasSubstr("--operation Write --operation Describe --operation DescribeConfigs --topic " +
                                    checkpoints)));
  EXPECT_THAT(read_all(topic), SizeIs(1));
}

TEST_F(KafkaAcl, AReaderNamesTheRightOnTheTopicAndOnTheGroup) {
  const auto topic = create_topic(unique_topic("acl"), 1);
  write_records(topic, {{.value = "v", .has_value = true}});
  const auto commands = grant_until([&]() -> std::optional<Error> {
    try {
      KafkaReader source{{.settings = settings(), .group = topic + ".readers", .topics = {topic}}};
      std::vector<projections::IncomingMessage> some;
      for (int i = 0; i < 100 && some.empty(); ++i) source.receive(1, 100ms, some);
      return some.empty() ? std::optional{Error{ErrorKind::failed, "nothing came"}} : std::nullopt;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::not_ready) << error.what();
      return error;
    }
  });
  EXPECT_THAT(commands,
              ::testing::UnorderedElementsAre(HasSubstr("--operation Read --operation Describe --topic " + topic),
                                              HasSubstr("--operation Read --group " + topic + ".readers")));
}

// The remedy of a checkpoint topic that would lose what it holds; no ACLs in it.
TEST(KafkaCheckpointTopic, TheCommandThatTheErrorShowsMakesItCompacted) {
  const auto topic = create_topic(unique_topic("plain"), 1);
  const kafka::KafkaTransactionalSinkOptions options{
      .sink = {.settings = {{"bootstrap.servers", kafka_brokers()}}},
      .checkpoint_topic = create_topic(topic + ".checkpoints", 1, {{"cleanup.policy", "delete"}})};
  const auto error = publish(options, topic, topic);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->kind(), ErrorKind::not_ready);
  run_shown_command(error->hint(), kafka_brokers(), kafka_brokers());
  std::optional<Error> still;
  for (int i = 0; i < 50; ++i) {
    if (still = publish(options, topic, topic); !still) break;
    std::this_thread::sleep_for(100ms);
  }
  EXPECT_FALSE(still.has_value()) << still->what();
}

}  // namespace
}  // namespace annals::tests
