#include "annals/testing/destination_contract.hpp"

#include "annals/core/clock.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/testing/memory_sink.hpp"
#include "log/table_cursor.hpp"
#include "progress/at_least_once.hpp"
#include "progress/exactly_once.hpp"
#include "support/kafka_topic.hpp"
#include "support/temp_database.hpp"

namespace annals::testing {
namespace {

/// An AtLeastOnceDestination with a session of its own, as a process has.
class OwnSession final : public outbox::Destination {
 public:
  OwnSession(const postgres::Database& database, outbox::Sink& sink, const std::string& relay)
      : session_(database), destination_(sink, session_, outbox::message_log("annals"), relay) {}
  CommitRule commit_rule() const noexcept override { return destination_.commit_rule(); }
  outbox::Checkpoint open() override { return destination_.open(); }
  outbox::Sink::Send send(const outbox::MessageView& message) override { return destination_.send(message); }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    destination_.poll(wait, deliveries);
  }
  using Destination::commit;
  Commit commit(const outbox::Cursor& cursor, std::string_view note) override {
    return destination_.commit(cursor, note);
  }

 private:
  postgres::Connection session_;
  outbox::AtLeastOnceDestination destination_;
};

class AtLeastOnceHarness final : public DestinationHarness {
 public:
  std::unique_ptr<outbox::Destination> make(const std::string& relay) override {
    return std::make_unique<OwnSession>(database_.as("relay"), sink_, relay);
  }
  outbox::Cursor next_cursor() override {
    return outbox::TableCursor{.cluster = {"1", "1"}, .published = outbox::Progress{{++position_, EventId::generate()}}}
        .encode();
  }
  std::vector<std::string> durable() override {
    std::vector<std::string> out;
    for (const auto& message : sink_.messages()) out.push_back(message.payload);
    return out;
  }

 private:
  tests::TempDatabase database_;
  MemorySink sink_;
  std::int64_t position_ = 0;
};

/// An ExactlyOnceDestination with clients of its own, as a process has; what it sends goes to one topic.
class OwnClients final : public outbox::Destination {
 public:
  OwnClients(const postgres::Database& database, kafka::KafkaTransactionalSinkOptions options, std::string topic,
             const std::string& relay)
      : topic_(std::move(topic)),
        sink_(std::move(options)),
        session_(database),
        destination_({.sink = sink_, .connection = session_, .clock = clock_, .keep_alive = [] {}},
                     outbox::message_log("annals"), relay) {}
  CommitRule commit_rule() const noexcept override { return destination_.commit_rule(); }
  outbox::Checkpoint open() override { return destination_.open(); }
  outbox::Sink::Send send(const outbox::MessageView& message) override {
    auto here = message;
    here.topic = topic_;
    return destination_.send(here);
  }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    destination_.poll(wait, deliveries);
  }
  using Destination::commit;
  Commit commit(const outbox::Cursor& cursor, std::string_view note) override {
    return destination_.commit(cursor, note);
  }

 private:
  std::string topic_;
  SystemClock clock_;
  kafka::KafkaTransactionalSink sink_;
  postgres::Connection session_;
  outbox::ExactlyOnceDestination destination_;
};

class ExactlyOnceHarness final : public DestinationHarness {
 public:
  std::unique_ptr<outbox::Destination> make(const std::string& relay) override {
    return std::make_unique<OwnClients>(database_.as("relay"), options(), topic_, relay);
  }
  outbox::Cursor next_cursor() override {
    return outbox::TableCursor{.cluster = {"1", "1"}, .published = outbox::Progress{{++position_, EventId::generate()}}}
        .encode();
  }
  std::vector<std::string> durable() override {
    std::vector<std::string> out;
    // The marks of a commit are written behind its answer, and before the next transaction of an id begins.
    kafka::KafkaTransactionalSink next{options()};
    auto checkpoints = tests::read_all(checkpoints_);
    while (checkpoints.empty()) checkpoints = tests::read_all(checkpoints_);
    (void)next.open(checkpoints.back().key, [] {});
    for (const auto& record : tests::read_all(topic_)) out.push_back(record.value);
    return out;
  }

 private:
  [[nodiscard]] kafka::KafkaTransactionalSinkOptions options() const {
    return {.sink = {.settings = {{"bootstrap.servers", tests::kafka_brokers()}}}, .checkpoint_topic = checkpoints_};
  }

  tests::TempDatabase database_;
  std::string topic_ = tests::create_topic(tests::unique_topic("exactly-once"), 1);
  std::string checkpoints_ =
      tests::create_topic(tests::unique_topic("checkpoints"), 1, {{"cleanup.policy", "compact"}});
  std::int64_t position_ = 0;
};

INSTANTIATE_TEST_SUITE_P(AtLeastOnce, DestinationContract,
                         ::testing::Values(DestinationAdapter{"postgres",
                                                              [] { return std::make_unique<AtLeastOnceHarness>(); }}),
                         [](const auto& adapter) { return adapter.param.name; });
INSTANTIATE_TEST_SUITE_P(ExactlyOnce, DestinationContract,
                         ::testing::Values(DestinationAdapter{"kafka",
                                                              [] { return std::make_unique<ExactlyOnceHarness>(); }}),
                         [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
