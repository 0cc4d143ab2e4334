#include "annals/kafka/transactional_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "client/acl.hpp"
#include "producer/producer_sink.hpp"
#include "transaction/checkpoint_topic.hpp"
#include "transaction/transaction.hpp"

// Invariant: a transaction is committed only when all that it is to hold is in it. librdkafka commits one although a call that
// was to add a message to it has failed, so what is committed is counted: every message that send() accepted is reported, and as
// many are confirmed as librdkafka was given.
namespace annals::kafka {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;
using End = Transaction::End;

/// The coordinator answers a commit before its marks are in all partitions. A transaction that begins meanwhile is told to come
/// again, for which librdkafka waits 20 ms; and what gathers in them follows as directly. A moment's rest breaks that chain.
constexpr milliseconds rest_after_commit{1};

outbox::Destination::Commit outcome_of(End end) {
  using Commit = outbox::Destination::Commit;
  switch (end) {
    case End::committed: return Commit::committed;
    case End::aborted: return Commit::aborted;
    case End::fenced: return Commit::fenced;
    case End::unknown: break;
  }
  return Commit::unknown;
}

}  // namespace

struct KafkaTransactionalSink::Impl {
  explicit Impl(Options given)
      : options(std::move(given)),
        checkpoints(std::in_place, options.sink.settings, options.checkpoint_topic, options.answer_timeout) {}

  /// What there is from open() on.
  struct Session {
    Session(const Options& options, const std::string& id)
        : sink(options.sink, {.id = id, .timeout = options.transaction_timeout},
               options.single_requests ? Requests::single : Requests::gather),
          transaction(*sink.producer().client, id, sink.state(), options.answer_timeout) {}
    ProducerSink sink;
    Transaction transaction;  // ends before its producer
  };

  [[nodiscard]] bool add(std::string_view record);
  [[nodiscard]] milliseconds left_to_rest() const {
    return std::chrono::ceil<milliseconds>(rests_until - SteadyClock::now());
  }
  [[nodiscard]] milliseconds within_rest(milliseconds wait);
  [[nodiscard]] Commit commit(std::string_view record, const KeepAlive& keep_alive);

  Options options;
  std::optional<CheckpointTopic> checkpoints;  ///< until open(): unheard, what its client has to tell would pile up
  std::string id;
  std::optional<Session> session;
  std::optional<Commit> ended;  ///< nothing more is committed
  std::string reason;           ///< of that
  SteadyClock::time_point rests_until;
  bool refused = false;  ///< by send(), in a rest: who waits then waits for its end, which may have come meanwhile
};

/// The record becomes part of the transaction, unless something is wrong with that.
bool KafkaTransactionalSink::Impl::add(std::string_view record) {
  auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
  try {
    auto& producer = session->sink.producer();
    auto& topic = producer.topics.get(options.checkpoint_topic);
    HeadersHandle none{rd_kafka_headers_new(0)};
    topic.send_to(0, [&] { error = producer.produce(topic, {.has_key = true, .key = id, .payload = record}, none); });
  } catch (const Error& unknown) {  // the topic is gone: the next open() says what that means
    reason = unknown.message();
    return false;
  }
  reason = describe(error);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

outbox::Destination::Commit KafkaTransactionalSink::Impl::commit(std::string_view record, const KeepAlive& keep_alive) {
  auto& [sink, transaction] = *session;
  transaction.begin_if_none();
  const bool all_reported = sink.state().messages.load(std::memory_order_relaxed) == 0;
  const auto account = sink.take_account();
  if (!all_reported || account.produced != account.delivered) {
    reason = fmt::format("of {} messages {} were confirmed", account.produced, account.delivered);
    return outcome_of(transaction.abort(options.answer_timeout));
  }
  if (!add(record)) return outcome_of(transaction.abort(options.answer_timeout));
  const auto end = transaction.commit(keep_alive);
  reason = transaction.reason();
  if (end == End::aborted && transaction.lacks_right()) {  // all else was confirmed: it is the record's topic
    ended = Commit::aborted;
    throw not_authorised(ErrorKind::not_ready,
                         fmt::format("not authorised to write the checkpoint to topic {}", options.checkpoint_topic),
                         acl_of_checkpoints(options.checkpoint_topic), sink.state());
  }
  // Without its record a commit would be half of one: whoever opens next learns what there is.
  if (end == End::committed && sink.take_account().delivered != 1) return Commit::unknown;
  return outcome_of(end);
}

/// Who was refused is back for another try when the rest is over.
milliseconds KafkaTransactionalSink::Impl::within_rest(milliseconds wait) {
  if (!refused || wait <= milliseconds{0}) return wait;
  const auto rest = left_to_rest();
  refused = rest > milliseconds{0};
  return std::clamp(rest, milliseconds{0}, wait);
}

KafkaTransactionalSink::KafkaTransactionalSink(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

KafkaTransactionalSink::~KafkaTransactionalSink() = default;

std::string KafkaTransactionalSink::open(const std::string& id, const KeepAlive& keep_alive) {
  ANNALS_ASSERT(!impl_->session);
  require_text("a transactional id", id, 249);
  impl_->id = id;
  impl_->session.emplace(impl_->options, id);
  impl_->session->transaction.take_over(keep_alive);
  auto record = impl_->checkpoints->read(id, keep_alive);
  impl_->checkpoints.reset();
  return record;
}

outbox::Sink::Send KafkaTransactionalSink::send(const outbox::MessageView& message) {
  ANNALS_ASSERT(impl_->session);
  if (impl_->ended) throw broken("the transactional sink is at its end");
  impl_->refused = impl_->left_to_rest() > milliseconds{0};
  if (impl_->refused) return Send::full;
  impl_->session->transaction.begin_if_none();
  return impl_->session->sink.send(message);
}

std::size_t KafkaTransactionalSink::record_bytes(const outbox::MessageView& message) const {
  return impl_->session ? impl_->session->sink.record_bytes(message) : TransactionalSink::record_bytes(message);
}

void KafkaTransactionalSink::poll(milliseconds wait, std::vector<outbox::Delivery>& deliveries) {
  if (impl_->session) {
    impl_->session->sink.poll(impl_->within_rest(wait), deliveries);
  } else {
    impl_->checkpoints->poll();
  }
}

outbox::TransactionalSink::Commit KafkaTransactionalSink::commit(std::string_view record, const KeepAlive& keep_alive) {
  ANNALS_ASSERT(impl_->session && !record.empty());
  if (!impl_->ended) {
    const auto outcome = impl_->commit(record, keep_alive);
    if (outcome == Commit::committed) {
      impl_->rests_until = SteadyClock::now() + rest_after_commit;
      return outcome;
    }
    impl_->ended = outcome;
  }
  return *impl_->ended;
}

std::string KafkaTransactionalSink::reason() const { return impl_->reason; }

bool KafkaTransactionalSink::connected() const noexcept {
  const auto& session = impl_->session;
  return session ? session->sink.state().connected.load(std::memory_order_relaxed) : impl_->checkpoints->connected();
}

KafkaSink::Queued KafkaTransactionalSink::queued() const noexcept {
  if (!impl_->session) return {};
  const auto& state = impl_->session->sink.state();
  return {.messages = state.messages.load(std::memory_order_relaxed),
          .bytes = state.bytes.load(std::memory_order_relaxed)};
}

bool KafkaTransactionalSink::refused_a_batch() const noexcept {
  return impl_->session && impl_->session->sink.blames_a_batch();
}

std::string read_checkpoint_record(const KafkaTransactionalSinkOptions& options, const std::string& id) {
  return CheckpointTopic{options.sink.settings, options.checkpoint_topic, options.answer_timeout}.look(id, [] {});
}

}  // namespace annals::kafka
