#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "annals/kafka/sink.hpp"
#include "annals/outbox/transactional_sink.hpp"

namespace annals::kafka {

struct KafkaTransactionalSinkOptions {
  KafkaSinkOptions sink = {};  ///< of the producer
  /// Where the records of all relays of a cluster are, in partition 0 and by transactional id. It must be compacted, or
  /// retention would delete what a quiet relay needs; it is created so when it is not there and the principal may.
  std::string checkpoint_topic = "annals.relay-checkpoints";
  /// The broker aborts a transaction that is open for so long. Others who begin wait as long for the one of a relay that died,
  /// if it does not come back.
  std::chrono::milliseconds transaction_timeout{15'000};
  /// For the coordinator, for the checkpoints, and for the end of a transaction, each.
  std::chrono::milliseconds answer_timeout{5'000};
  /// One message a request, as after Error{failed} of one that refused_a_batch(): then the message to blame is known.
  bool single_requests = false;
};

/// Publishes to Kafka in transactions: as KafkaSink, and what is sent becomes visible to whoever reads committed records only
/// (isolation.level=read_committed) when commit() has returned committed, all of it at once with the record.
///
/// What counts, after a crash or a hand-over, is what the checkpoint topic says: open() first has the coordinator shut the id's
/// predecessors out and end their transactions (KIP-98, KIP-447 does not apply), and then reads the topic to its end.
/// transaction.cpp says which answers of librdkafka mean what.
///
/// A message that is refused spoils its transaction, and what was sent before it in the same one is not visible either,
/// unless the refusal came before Kafka was asked.
///
/// Lifecycle      construct (does no I/O) -> poll() -> open() -> send(), poll(), commit() -> destroy, which aborts what is not
///                committed.
/// Thread safety  none: one thread. librdkafka runs threads of its own inside.
/// Ownership      owns its clients; copies what send() is given.
/// Errors         as KafkaSink; open(): Error{disconnected}, no answer within answer_timeout, or the transaction of another relay
///                stays open in the checkpoint topic; Error{not_ready}: not authorised, no checkpoint topic, or one that
///                is not compacted.
/// Limits         those of KafkaSink; open() and commit() take answer_timeout two times at most, commit() the first time
///                topic_wait_max besides.
class KafkaTransactionalSink final : public outbox::TransactionalSink {
 public:
  using Options = KafkaTransactionalSinkOptions;

  explicit KafkaTransactionalSink(Options options);
  KafkaTransactionalSink(const KafkaTransactionalSink&) = delete;
  KafkaTransactionalSink& operator=(const KafkaTransactionalSink&) = delete;
  ~KafkaTransactionalSink() override;

  [[nodiscard]] std::string open(const std::string& id, const KeepAlive& keep_alive) override;
  [[nodiscard]] Send send(const outbox::MessageView& message) override;
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override;
  [[nodiscard]] std::size_t record_bytes(const outbox::MessageView& message) const override;
  [[nodiscard]] Commit commit(std::string_view record, const KeepAlive& keep_alive) override;
  [[nodiscard]] std::string reason() const override;

  /// As KafkaSink's, from the one thread. Before open() too.
  [[nodiscard]] bool connected() const noexcept;
  [[nodiscard]] KafkaSink::Queued queued() const noexcept;
  /// It broke because of a request with several messages in it, of which one is to blame, or their sum. The next one finds out
  /// with single_requests.
  [[nodiscard]] bool refused_a_batch() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The record that was committed last under `id`, for whoever looks on: shuts nobody out, changes nothing. Empty: there is
/// none, or no topic. Any thread. Throws Error{disconnected}: no answer within answer_timeout; Error{not_ready}: not authorised.
[[nodiscard]] std::string read_checkpoint_record(const KafkaTransactionalSinkOptions& options, const std::string& id);

}  // namespace annals::kafka
