#include "annals/kafka/sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "client/client.hpp"
#include "producer/cork.hpp"
#include "producer/kept_message.hpp"
#include "producer/producer_settings.hpp"
#include "producer/topic_table.hpp"
#include "wire/cloud_event.hpp"

// Order after a failure. Several requests may be in flight for a partition. When the first is refused for good (too large for
// the topic, say), the broker refuses those behind it as out of sequence; librdkafka would then start a new sequence and
// send them again, past the one that failed. enable.gapless.guarantee makes it stop with a fatal error instead. Messages
// never fail because of their age (message.timeout.ms=0, endless retries), the one case that the guarantee does not cover.
// What fails outside of requests (the topic was deleted) is caught here: the first failed delivery closes the sink and
// empties the queue.
//
// Who is to blame. A broker refuses a request as a whole, with everything in it, and what was given up with the queue was
// not refused by anybody. Naming the wrong message would make somebody pass over an innocent one. So, when it may have been
// one of several, the sink finds out:
//   open       send() hands messages to librdkafka, many to a request, or holds them (PartitionGate);
//   closing    a delivery failed: the queue is emptied, what was held joins what failed, what is on its way is answered;
//   resending  a second producer, which puts one message into each request, sends again what was kept, in order. Nothing
//              of the first is on its way any more, so this is what a new sink would do after a restart;
//   open       when all of it went through: the request was too large, no message in it was. One by one from then on;
//   broken     otherwise: a message that was alone in its request was refused, that one is to blame, and what had not been
//              delivered is undecided.
// A verdict that holds for every message to a topic (it is gone, or not ours to write) needs no second try.
namespace annals::kafka {
namespace {

using std::chrono::milliseconds;
using Outcome = outbox::Delivery::Outcome;

struct SinkState : ClientState {
  std::vector<outbox::Delivery>* deliveries = nullptr;  ///< null while closing: nobody listens
  std::vector<KeptMessage> returned;                    ///< not delivered, and not reported yet
  std::size_t in_flight = 0;                            ///< librdkafka has them
  std::atomic<std::size_t> messages{0};                 ///< written by one thread, so no read-modify-write is needed
  std::atomic<std::size_t> bytes{0};
};

void add_to(std::atomic<std::size_t>& counter, std::size_t amount) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

void subtract_from(std::atomic<std::size_t>& counter, std::size_t amount) noexcept {
  const auto before = counter.load(std::memory_order_relaxed);
  ANNALS_ASSERT(before >= amount);
  counter.store(before - amount, std::memory_order_relaxed);
}

/// The ticket travels through librdkafka in place of a pointer: nothing to allocate.
void* to_opaque(std::int64_t ticket) noexcept {
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(ticket));  // NOLINT(performance-no-int-to-ptr): the design
}
std::int64_t from_opaque(const void* opaque) noexcept { return reinterpret_cast<std::intptr_t>(opaque); }
static_assert(sizeof(void*) >= sizeof(std::int64_t));

void report(SinkState& state, outbox::Delivery delivery, std::size_t bytes) {
  subtract_from(state.messages, 1);
  subtract_from(state.bytes, bytes);
  if (state.deliveries != nullptr) state.deliveries->push_back(std::move(delivery));
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) noexcept {
  auto& state = static_cast<SinkState&>(*static_cast<ClientState*>(opaque));
  ProducerTopic::settle(*message);
  ANNALS_ASSERT(state.in_flight > 0);
  --state.in_flight;
  const auto ticket = from_opaque(message->_private);
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (state.deliveries != nullptr) state.returned.push_back(take_back(*message, ticket));
    return;
  }
  state.connected.store(true, std::memory_order_relaxed);
  report(state, {.ticket = ticket, .outcome = Outcome::delivered, .reason = {}}, message->len + message->key_len);
}

enum class Requests { gather, single };

ClientHandle make_producer(const KafkaSinkOptions& options, SinkState& state, Requests requests) {
  constexpr std::size_t kilobyte = 1024;
  if (options.source.empty()) throw invalid("the Kafka sink's source is empty", "name the service, as in /shop/orders");
  require_text("the Kafka sink's source", options.source, 1024);
  auto conf = make_conf(options.settings, producer_defaults(), Client::producer, state);
  const auto kilobytes = std::max<std::size_t>(1, (options.queue_bytes_max + kilobyte - 1) / kilobyte);
  set(*conf, "queue.buffering.max.kbytes", std::to_string(kilobytes));
  set(*conf, "queue.buffering.max.messages", std::to_string(std::max<std::size_t>(1, options.queue_messages_max)));
  if (requests == Requests::single) set(*conf, "batch.num.messages", "1");
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

/// An empty string_view may point nowhere, which Kafka would read as "no value": a tombstone.
std::string_view never_null(std::string_view text) { return text.data() == nullptr ? std::string_view{""} : text; }

/// What goes into one record.
struct Record {
  std::int64_t ticket;
  bool has_key;
  std::string_view key;
  std::string_view payload;
};

Record record_of(const KeptMessage& message) { return {message.ticket, message.has_key, message.key, message.payload}; }

/// A client of librdkafka with the topics that it has used.
struct Producer {
  Producer(const KafkaSinkOptions& options, SinkState& state, Requests requests)
      : client(make_producer(options, state, requests)),
        topics(*client, state,
               {.partitioner = partitioner_of(options.settings),
                .requests_max = requests_max(options.settings),
                .wait_max = options.topic_wait_max}) {}

  ClientHandle client;
  TopicTable topics;
};

/// What its request was answered says nothing about the message. When one before it is refused, it is never sent by itself.
KeptMessage unjudged(KeptMessage message) {
  message.verdict = Verdict::none;
  message.reason = "not sent again, the sink broke before: " + message.reason;
  return message;
}

bool any_of(const std::vector<KeptMessage>& messages, Verdict verdict) {
  return std::ranges::find(messages, verdict, &KeptMessage::verdict) != messages.end();
}

}  // namespace

struct KafkaSink::Impl {
  enum class Phase { open, closing, resending, broken };

  explicit Impl(Options given)
      : options(std::move(given)),
        limits(request_limits(options.settings)),
        message_max(message_bytes_max(options.settings)),
        requests(limits.messages == 1 ? Requests::single : Requests::gather),
        producer(std::make_unique<Producer>(options, state, requests)) {}

  [[nodiscard]] Error refusal(rd_kafka_resp_err_t error, const outbox::MessageView& message) const;
  void require_room_for(const outbox::MessageView& message) const;
  [[nodiscard]] bool is_full(std::size_t bytes) const;
  [[nodiscard]] Send not_taken(rd_kafka_resp_err_t error, const outbox::MessageView& message);
  [[nodiscard]] Send send(const outbox::MessageView& message);
  /// One try; `headers` is empty afterwards when it was accepted.
  [[nodiscard]] rd_kafka_resp_err_t produce(const ProducerTopic& to, const Record& record, HeadersHandle& headers);

  void poll(milliseconds wait, std::vector<outbox::Delivery>& deliveries);
  void go_on();
  void go_on(ProducerTopic& topic, std::int32_t partition, ProducerTopic::Departure departure);
  void advance();
  void close();
  void decide();
  void find_the_one_to_blame();
  void resend();
  void break_down();
  void give_up(KeptMessage& message);
  [[nodiscard]] bool is_to_blame(const KeptMessage& message) const {
    return message.verdict == Verdict::on_topic ||
           (message.verdict == Verdict::on_batch && requests == Requests::single);
  }

  Options options;
  SinkState state;  // before the producer, whose callbacks write into it
  RequestLimits limits;
  std::size_t message_max;  ///< bytes; what is larger librdkafka does not take
  Requests requests;
  std::unique_ptr<Producer> producer;
  Phase phase = Phase::open;
  std::deque<KeptMessage> to_resend;  // to be sent again, in order
  std::string failure;                // why the sink is broken
};

// producev's macros cast as C does. Its array twin, rd_kafka_produceva, frees the headers twice before librdkafka 2.12.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
rd_kafka_resp_err_t KafkaSink::Impl::produce(const ProducerTopic& to, const Record& record, HeadersHandle& headers) {
  const void* key = record.has_key ? record.key.data() : nullptr;
  const auto payload = never_null(record.payload);
  const auto error =
      rd_kafka_producev(producer->client.get(), RD_KAFKA_V_RKT(&to.handle()), RD_KAFKA_V_KEY(key, record.key.size()),
                        RD_KAFKA_V_VALUE(const_cast<char*>(payload.data()), payload.size()),  // copied
                        RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_OPAQUE(to_opaque(record.ticket)), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  (void)headers.release();  // owned by the producer now, and only now
  ++state.in_flight;
  return error;
}
#pragma GCC diagnostic pop

Error KafkaSink::Impl::refusal(rd_kafka_resp_err_t error, const outbox::MessageView& message) const {
  const auto which = fmt::format("the message at position {} for topic {}", message.position, message.topic);
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    return refused(fmt::format("{} is too large: {} bytes", which, message.payload.size()),
                   "raise message.max.bytes here and max.message.bytes of the topic, or send less");
  }
  if (is_unknown_topic(error)) return unknown_topic(ErrorKind::refused, message.topic, state);
  if (is_authorisation(error)) {
    return not_authorised(ErrorKind::refused, fmt::format("not authorised to write {}", which), state);
  }
  return broken(fmt::format("{} was not accepted: {}", which, describe(error)));
}

/// librdkafka would say that its queue is full, for ever.
void KafkaSink::Impl::require_room_for(const outbox::MessageView& message) const {
  const auto bytes = message.key.size() + message.payload.size();
  if (bytes <= options.queue_bytes_max) return;
  throw refused(fmt::format("the message at position {} for topic {} has {} bytes, the sink's queue holds {}",
                            message.position, message.topic, bytes, options.queue_bytes_max),
                "raise queue_bytes_max of the sink (kafka.queue_bytes_max of annals-relay), or send less");
}

bool KafkaSink::Impl::is_full(std::size_t bytes) const {
  const auto messages = state.messages.load(std::memory_order_relaxed);
  return messages >= std::max<std::size_t>(1, options.queue_messages_max) ||
         state.bytes.load(std::memory_order_relaxed) + bytes > options.queue_bytes_max;
}

outbox::Sink::Send KafkaSink::Impl::send(const outbox::MessageView& message) {
  if (phase == Phase::broken) throw broken(failure);
  if (phase != Phase::open) return Send::full;
  require_room_for(message);
  auto headers = make_headers(message, options.source);
  const Record record{message.ticket, !message.key.empty(), message.key, message.payload};
  const auto bytes = message.key.size() + message.payload.size();
  if (is_full(bytes)) return Send::full;
  auto& topic = producer->topics.get(message.topic);
  const auto size = request_bytes(message, options.source);
  auto waits_for = record.has_key ? topic.has_to_wait(record.key) : std::nullopt;
  if (waits_for && size + request_bytes_unsure > message_max) {
    // Whether it is too large only librdkafka knows, and it may put what it takes in front of what waits here.
    if (bytes <= message_max) return Send::full;
    waits_for.reset();
  }
  if (!waits_for) {
    auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
    waits_for = topic.held_back([&] { error = produce(topic, record, headers); });
    if (!waits_for && error != RD_KAFKA_RESP_ERR_NO_ERROR) return not_taken(error, message);
  }
  if (waits_for) topic.hold(*waits_for, keep(message, std::move(headers), size));
  add_to(state.messages, 1);
  add_to(state.bytes, bytes);
  return Send::accepted;
}

outbox::Sink::Send KafkaSink::Impl::not_taken(rd_kafka_resp_err_t error, const outbox::MessageView& message) {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return Send::full;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {  // what it did to those before comes with their reports: first of all those
    close();
    return Send::full;
  }
  // librdkafka knows it from the answer to a message before, whose report is on its way: that one is the first to blame.
  if (is_authorisation(error) && state.in_flight > 0) return Send::full;
  throw refusal(error, message);
}

void KafkaSink::Impl::poll(milliseconds wait, std::vector<outbox::Delivery>& deliveries) {
  const auto before = deliveries.size();
  const Deadline deadline{wait};
  state.deliveries = &deliveries;
  do {
    rd_kafka_poll(producer->client.get(), to_int_ms(deadline.left()));
    go_on();
    advance();
  } while (deliveries.size() == before && phase != Phase::broken && !deadline.passed());
  state.deliveries = nullptr;
}

/// What waited for an answer leaves.
void KafkaSink::Impl::go_on() {
  if (phase != Phase::open || !state.returned.empty()) return;  // nothing may overtake what failed
  const auto answered = producer->topics.take_answered();
  std::vector<ProducerTopic::Departure> departures;
  Cork cork{*producer->client};
  for (const auto& [topic, partition] : answered) {
    departures.push_back(topic->departure(partition, limits));
    if (departures.back().batch) cork.add(topic->handle(), partition);
  }
  cork.close();
  for (std::size_t i = 0; i < answered.size(); ++i) go_on(*answered[i].topic, answered[i].partition, departures[i]);
}

void KafkaSink::Impl::go_on(ProducerTopic& topic, std::int32_t partition, ProducerTopic::Departure departure) {
  auto& waiting = topic.waiting(partition);
  std::size_t bytes = 0;
  for (; departure.count > 0 && phase == Phase::open && state.returned.empty(); --departure.count) {
    auto& message = waiting.front();
    bytes += message.request_bytes;
    if (departure.batch && bytes > limits.bytes && bytes > message.request_bytes) break;  // the first goes in any case
    auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
    topic.send_to(partition, [&] { error = produce(topic, record_of(message), message.headers); });
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL || (is_authorisation(error) && state.in_flight > 0)) break;
    if (error == RD_KAFKA_RESP_ERR__FATAL) return close();
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      waiting.pop_front();
      continue;
    }
    auto& refused = state.returned.emplace_back(topic.take_front(waiting));
    refused.verdict = verdict_of(error);
    refused.reason = describe(error);
  }
  topic.departed(partition);
}

void KafkaSink::Impl::advance() {
  if (phase == Phase::resending && state.returned.empty()) resend();
  if (phase == Phase::closing || (phase != Phase::broken && !state.returned.empty())) close();
  if (phase == Phase::closing && state.in_flight == 0) decide();
}

/// Gives up only what waits: requests in flight are answered by the broker, and their answers are worth having.
void KafkaSink::Impl::close() {
  phase = Phase::closing;
  for (auto& message : producer->topics.take_waiting()) {
    message.reason = "not sent";
    state.returned.push_back(std::move(message));
  }
  (void)rd_kafka_purge(producer->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void KafkaSink::Impl::decide() {
  std::ranges::stable_sort(state.returned, {}, &KeptMessage::ticket);
  const bool unclear = requests == Requests::gather && !any_of(state.returned, Verdict::on_topic) &&
                       any_of(state.returned, Verdict::on_batch);
  if (unclear) {
    find_the_one_to_blame();
  } else {
    break_down();
  }
}

void KafkaSink::Impl::find_the_one_to_blame() {
  requests = Requests::single;
  limits.messages = 1;
  producer.reset();  // first, so that there are never two
  producer = std::make_unique<Producer>(options, state, requests);
  for (auto& message : state.returned) to_resend.push_back(unjudged(std::move(message)));
  state.returned.clear();
  phase = Phase::resending;
  resend();
}

void KafkaSink::Impl::resend() {
  while (!to_resend.empty()) {
    auto& message = to_resend.front();
    auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
    try {
      auto& topic = producer->topics.get(message.topic);
      const auto waits = topic.held_back([&] { error = produce(topic, record_of(message), message.headers); });
      if (waits) return;
    } catch (const Error& reason) {
      if (reason.kind() != ErrorKind::refused) return;  // no answer about the topic: the next poll asks again
      message.verdict = Verdict::on_topic;
      message.reason = reason.message();
      return close();
    }
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return close();
    to_resend.pop_front();
  }
  phase = Phase::open;
}

void KafkaSink::Impl::break_down() {
  std::ranges::move(to_resend, std::back_inserter(state.returned));
  to_resend.clear();
  failure = "the Kafka sink is broken";
  const auto fatal = fatal_error(*producer->client);
  if (!fatal.empty()) failure += ": " + fatal;
  const auto culprit = std::ranges::find_if(state.returned, [&](const auto& message) { return is_to_blame(message); });
  const auto first = culprit != state.returned.end() ? culprit : state.returned.begin();
  if (first != state.returned.end()) {
    failure += fmt::format(": the message with ticket {} was not delivered: {}", first->ticket, first->reason);
  }
  for (auto& message : state.returned) give_up(message);
  state.returned.clear();
  phase = Phase::broken;
}

void KafkaSink::Impl::give_up(KeptMessage& message) {
  const auto outcome = is_to_blame(message) ? Outcome::refused : Outcome::undecided;
  report(state, {.ticket = message.ticket, .outcome = outcome, .reason = std::move(message.reason)}, message.bytes());
}

KafkaSink::KafkaSink(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

KafkaSink::~KafkaSink() {
  auto& client = *impl_->producer->client;
  (void)rd_kafka_purge(&client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  (void)rd_kafka_flush(&client, to_int_ms(impl_->options.close_timeout));
}

outbox::Sink::Send KafkaSink::send(const outbox::MessageView& message) { return impl_->send(message); }

void KafkaSink::poll(milliseconds wait, std::vector<outbox::Delivery>& deliveries) { impl_->poll(wait, deliveries); }

bool KafkaSink::connected() const noexcept { return impl_->state.connected.load(std::memory_order_relaxed); }

KafkaSink::Queued KafkaSink::queued() const noexcept {
  return {.messages = impl_->state.messages.load(std::memory_order_relaxed),
          .bytes = impl_->state.bytes.load(std::memory_order_relaxed)};
}

}  // namespace annals::kafka
