#include <algorithm>
#include <memory>

#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "annals/testing/sink_contract.hpp"
#include "annals/testing/source_contract.hpp"
#include "support/kafka_topic.hpp"

namespace annals::testing {
namespace {

/// Makes the nth message too large for a topic with a small max.message.bytes.
class OneTooLarge final : public outbox::Sink {
 public:
  OneTooLarge(std::unique_ptr<outbox::Sink> sink, std::size_t nth) : sink_(std::move(sink)), nth_(nth) {}

  Send send(const outbox::MessageView& message) override {
    auto changed = message;
    if (static_cast<std::size_t>(message.ticket) == nth_) changed.payload = large_;
    return sink_->send(changed);
  }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    sink_->poll(wait, deliveries);
  }

 private:
  std::unique_ptr<outbox::Sink> sink_;
  std::size_t nth_;
  std::string large_ = std::string(50'000, '9');
};

class KafkaSinkHarness : public SinkHarness {
 public:
  std::unique_ptr<outbox::Sink> make_sink(std::size_t queue_max) override { return make(queue_max, {}); }
  std::string topic() override { return topic_; }
  std::vector<DurableMessage> durable() override {
    std::vector<DurableMessage> messages;
    for (const auto& record : tests::read_all(topic_, brokers_)) {
      messages.push_back({record.key, record.value, record.header("ce_id")});
    }
    return messages;
  }
  bool make_unsendable(outbox::MessageView& message) override {
    static const std::string too_large(2'000'000, 'x');
    message.payload = too_large;
    return true;
  }
  std::unique_ptr<outbox::Sink> make_refusing_sink(std::size_t nth) override {
    topic_ = tests::create_topic(tests::unique_topic("sink-contract"), 1, {{"max.message.bytes", "5000"}});
    return std::make_unique<OneTooLarge>(make(10'000, {}), nth);
  }

 protected:
  [[nodiscard]] kafka::KafkaSinkOptions options(std::size_t queue_max, kafka::Settings settings) const {
    settings["bootstrap.servers"] = brokers_;
    return {.settings = std::move(settings), .queue_messages_max = queue_max};
  }
  [[nodiscard]] virtual std::unique_ptr<outbox::Sink> make(std::size_t queue_max, kafka::Settings settings) const {
    return std::make_unique<kafka::KafkaSink>(options(queue_max, std::move(settings)));
  }

 private:
  std::string brokers_ = tests::kafka_brokers();
  std::string topic_ = tests::create_topic(tests::unique_topic("sink-contract"), 4);
};

/// A transactional sink as a plain one: what it reported is told once it is committed.
class Committing final : public outbox::Sink {
 public:
  Committing(kafka::KafkaTransactionalSinkOptions options, std::size_t& committed)
      : sink_(std::move(options)), committed_(committed) {
    (void)sink_.open(tests::unique_topic("id"), [] {});
  }

  Send send(const outbox::MessageView& message) override {
    const auto sent = sink_.send(message);
    if (sent == Send::accepted) ++in_flight_;
    return sent;
  }
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override {
    const auto before = reported_.size();
    sink_.poll(wait, reported_);
    in_flight_ -= reported_.size() - before;
    if (in_flight_ > 0 || reported_.empty()) return;
    const bool whole =
        std::all_of(reported_.begin(), reported_.end(), [](const auto& report) { return report.delivered(); });
    if (whole) {
      EXPECT_EQ(sink_.commit("record", [] {}), outbox::Destination::Commit::committed) << sink_.reason();
    }
    if (whole) committed_ += reported_.size();
    for (auto& report : reported_) {
      // those of an aborted transaction are nowhere
      if (!whole && report.delivered()) report.outcome = outbox::Delivery::Outcome::undecided;
      deliveries.push_back(report);
    }
    reported_.clear();
  }

 private:
  kafka::KafkaTransactionalSink sink_;
  std::size_t& committed_;
  std::size_t in_flight_ = 0;
  std::vector<outbox::Delivery> reported_;
};

class KafkaTransactionalSinkHarness final : public KafkaSinkHarness {
 public:
  /// The marks of a commit are written behind its answer.
  std::vector<DurableMessage> durable() override {
    auto messages = KafkaSinkHarness::durable();
    for (int i = 0; i < 100 && messages.size() < committed_; ++i) messages = KafkaSinkHarness::durable();
    return messages;
  }
  /// A message that the broker refuses takes those before it in its transaction along: see KafkaTransactionalSink.
  std::unique_ptr<outbox::Sink> make_refusing_sink(std::size_t) override { return nullptr; }

 protected:
  [[nodiscard]] std::unique_ptr<outbox::Sink> make(std::size_t queue_max, kafka::Settings settings) const override {
    return std::make_unique<Committing>(
        kafka::KafkaTransactionalSinkOptions{.sink = options(queue_max, std::move(settings)),
                                             .checkpoint_topic = checkpoints_},
        committed_);
  }

 private:
  mutable std::size_t committed_ = 0;
  std::string checkpoints_ =
      tests::create_topic(tests::unique_topic("contract-checkpoints"), 1, {{"cleanup.policy", "compact"}});
};

class KafkaSourceHarness final : public SourceHarness {
 public:
  void feed(const std::vector<FedMessage>& messages) override {
    std::vector<tests::Record> records;
    for (const auto& message : messages) {
      records.push_back({.key = message.key,
                         .has_key = true,
                         .value = message.payload,
                         .has_value = true,
                         .headers = {{"ce_id", message.id}, {"ce_type", message.type}}});
    }
    tests::write_records(topic_, records);
  }
  std::unique_ptr<projections::Source> make_source() override {
    return std::make_unique<kafka::KafkaSource>(kafka::KafkaSourceOptions{
        .settings = {{"bootstrap.servers", tests::kafka_brokers()}}, .group = topic_, .topics = {topic_}});
  }

  bool delete_messages() override {
    const auto ends = tests::end_offsets(topic_);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      tests::delete_records_before(topic_, static_cast<std::int32_t>(i), ends[i]);
    }
    return true;
  }

 private:
  std::string topic_ = tests::create_topic(tests::unique_topic("source-contract"), 4);
};

INSTANTIATE_TEST_SUITE_P(Kafka, SinkContract,
                         ::testing::Values(SinkAdapter{"kafka", [] { return std::make_unique<KafkaSinkHarness>(); }}));
INSTANTIATE_TEST_SUITE_P(KafkaTransactions, SinkContract,
                         ::testing::Values(SinkAdapter{
                             "transactions", [] { return std::make_unique<KafkaTransactionalSinkHarness>(); }}));
INSTANTIATE_TEST_SUITE_P(Kafka, SourceContract,
                         ::testing::Values(SourceAdapter{"kafka", [] { return std::make_unique<KafkaSourceHarness>(); },
                                                         std::chrono::seconds{30}, std::chrono::seconds{1}}));

}  // namespace
}  // namespace annals::testing
