#include <memory>

#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
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

class KafkaSinkHarness final : public SinkHarness {
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
    return std::make_unique<OneTooLarge>(make(10'000, {{"batch.num.messages", "1"}}), nth);
  }

 private:
  [[nodiscard]] std::unique_ptr<outbox::Sink> make(std::size_t queue_max, kafka::Settings settings) const {
    settings["bootstrap.servers"] = brokers_;
    return std::make_unique<kafka::KafkaSink>(
        kafka::KafkaSinkOptions{.settings = std::move(settings), .queue_messages_max = queue_max});
  }

  std::string brokers_ = tests::kafka_brokers();
  std::string topic_ = tests::create_topic(tests::unique_topic("sink-contract"), 4);
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

 private:
  std::string topic_ = tests::create_topic(tests::unique_topic("source-contract"), 4);
};

INSTANTIATE_TEST_SUITE_P(Kafka, SinkContract,
                         ::testing::Values(SinkAdapter{"kafka", [] { return std::make_unique<KafkaSinkHarness>(); }}));
INSTANTIATE_TEST_SUITE_P(Kafka, SourceContract,
                         ::testing::Values(SourceAdapter{"kafka", [] { return std::make_unique<KafkaSourceHarness>(); },
                                                         std::chrono::seconds{30}, std::chrono::seconds{1}}));

}  // namespace
}  // namespace annals::testing
