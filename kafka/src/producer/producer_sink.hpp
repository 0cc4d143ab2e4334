#pragma once
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "annals/kafka/sink.hpp"
#include "producer/producer.hpp"
#include "producer/producer_settings.hpp"
#include "wire/encoder.hpp"

namespace annals::kafka {

/// What both sinks are made of: see KafkaSink, whose contract this is. In transactions it looks for no message to blame: what
/// was delivered before does not count either, so who goes on sends it all again, in single requests then.
class ProducerSink {
 public:
  using Send = outbox::Sink::Send;

  explicit ProducerSink(KafkaSinkOptions options, Transactional transactional = {},
                        Requests requests = Requests::gather);
  /// Gives up what is queued; takes about close_timeout at most.
  ~ProducerSink();
  ProducerSink(const ProducerSink&) = delete;
  ProducerSink& operator=(const ProducerSink&) = delete;

  [[nodiscard]] Send send(const outbox::MessageView& message);
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries);

  [[nodiscard]] std::size_t record_bytes(const outbox::MessageView& message) const {
    return encoder_.record_bytes(message);
  }

  [[nodiscard]] const SinkState& state() const noexcept { return state_; }
  [[nodiscard]] Producer& producer() noexcept { return *producer_; }
  /// Since the last call of this.
  [[nodiscard]] SinkState::Account take_account() noexcept { return std::exchange(state_.account, {}); }
  /// It is broken, and which message of a request is to blame is not known.
  [[nodiscard]] bool blames_a_batch() const noexcept { return blames_a_batch_; }

 private:
  enum class Phase { open, closing, resending, broken };

  [[nodiscard]] bool is_transactional() const noexcept { return !transactional_.id.empty(); }
  [[nodiscard]] Error refusal(rd_kafka_resp_err_t error, const outbox::MessageView& message) const;
  void require_room_for(std::size_t bytes, const outbox::MessageView& message) const;
  [[nodiscard]] bool is_full(std::size_t bytes) const;
  [[nodiscard]] Send not_taken(rd_kafka_resp_err_t error, const outbox::MessageView& message);

  void go_on();
  void go_on(ProducerTopic& topic, std::int32_t partition, ProducerTopic::Departure departure);
  void advance();
  void close();
  void decide();
  void find_the_one_to_blame();
  void resend();
  void break_down();
  void blame_the_first_of_a_principal_without_rights();
  void give_up(KeptMessage& message);
  [[nodiscard]] bool is_to_blame(const KeptMessage& message) const {
    return message.verdict == Verdict::on_topic ||
           (message.verdict == Verdict::on_batch && requests_ == Requests::single);
  }

  KafkaSinkOptions options_;
  Transactional transactional_;
  SinkState state_;  // before the producer, whose callbacks write into it
  RequestLimits limits_;
  std::size_t message_max_;  ///< bytes; what is larger librdkafka does not take
  Requests requests_;
  Encoder encoder_;
  std::unique_ptr<Producer> producer_;
  Phase phase_ = Phase::open;
  bool blames_a_batch_ = false;
  std::deque<KeptMessage> to_resend_;  // to be sent again, in order
  std::string failure_;                // why the sink is broken
};

}  // namespace annals::kafka
