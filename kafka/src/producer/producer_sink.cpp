#include "producer/producer_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/acl.hpp"
#include "producer/cork.hpp"

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

/// How long a poll waits for the schema registry before it looks after the broker again.
constexpr milliseconds registry_look{5};

Record record_of(const KeptMessage& message) {
  return {.ticket = message.ticket,
          .has_key = message.has_key,
          .key = message.key,
          .is_tombstone = message.is_tombstone,
          .payload = message.payload};
}

Record record_of(std::int64_t ticket, const Encoded& encoded) {
  return {.ticket = ticket,
          .has_key = encoded.has_key,
          .key = encoded.key,
          .is_tombstone = encoded.is_tombstone,
          .payload = encoded.payload};
}

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

ProducerSink::ProducerSink(KafkaSinkOptions options, Transactional transactional, Requests requests)
    : options_(std::move(options)),
      transactional_(std::move(transactional)),
      limits_(request_limits(options_.settings)),
      message_max_(message_bytes_max(options_.settings)),
      requests_(limits_.messages == 1 ? Requests::single : requests),
      encoder_(options_.source, options_.encodings, options_.schema_registry),
      producer_(std::make_unique<Producer>(options_, state_, requests_, transactional_)) {
  if (requests_ == Requests::single) limits_.messages = 1;
}

ProducerSink::~ProducerSink() {
  auto& client = *producer_->client;
  (void)rd_kafka_purge(&client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  (void)rd_kafka_flush(&client, to_int_ms(options_.close_timeout));
}

Error ProducerSink::refusal(rd_kafka_resp_err_t error, const outbox::MessageView& message) const {
  const auto which = fmt::format("the message at position {} for topic {}", message.position, message.topic);
  if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
    return refused(fmt::format("{} is too large: {} bytes", which, message.payload.size()),
                   "raise message.max.bytes here and max.message.bytes of the topic, or send less, or a claim "
                   "(relay.claim_check)");
  }
  if (error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
    return refused(fmt::format("{} names a partition that the topic does not have", which),
                   "give the topic more partitions, or give this message up");
  }
  if (is_unknown_topic(error)) return unknown_topic(ErrorKind::refused, message.topic, state_);
  if (is_authorisation(error)) {
    return not_authorised(ErrorKind::refused, fmt::format("not authorised to write {}", which),
                          acl_to_write(message.topic), state_);
  }
  return broken(fmt::format("{} was not accepted: {}", which, describe(error)));
}

/// librdkafka would say that its queue is full, for ever.
void ProducerSink::require_room_for(std::size_t bytes, const outbox::MessageView& message) const {
  if (bytes <= options_.queue_bytes_max) return;
  throw refused(fmt::format("the message at position {} for topic {} has {} bytes, the sink's queue holds {}",
                            message.position, message.topic, bytes, options_.queue_bytes_max),
                "raise queue_bytes_max of the sink (kafka.queue_bytes_max of annals-relay), or send less");
}

bool ProducerSink::is_full(std::size_t bytes) const {
  const auto messages = state_.messages.load(std::memory_order_relaxed);
  return messages >= std::max<std::size_t>(1, options_.queue_messages_max) ||
         state_.bytes.load(std::memory_order_relaxed) + bytes > options_.queue_bytes_max;
}

ProducerSink::Send ProducerSink::send(const outbox::MessageView& message) {
  if (phase_ == Phase::broken) throw broken(failure_);
  if (phase_ != Phase::open) return Send::full;
  auto made = encoder_.encode(message);
  if (!made) return Send::full;
  auto& encoded = *made;
  const auto bytes = encoded.bytes();
  require_room_for(bytes, message);
  if (is_full(bytes)) return Send::full;
  auto& topic = producer_->topics.get(message.topic);
  const bool placed = encoded.has_key || !encoded.placement.is_by_key();
  auto waits_for = placed ? topic.has_to_wait(encoded.key, encoded.placement) : std::nullopt;
  if (waits_for && encoded.request_bytes + request_bytes_unsure > message_max_) {
    // Whether it is too large only librdkafka knows, and it may put what it takes in front of what waits here.
    if (bytes <= message_max_) return Send::full;
    waits_for.reset();
  }
  state_.placements.put(message.ticket, encoded.placement);  // before librdkafka may ask for it
  if (!waits_for) {
    const auto record = record_of(message.ticket, encoded);
    auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
    waits_for = topic.held_back(encoded.placement, [&] { error = producer_->produce(topic, record, encoded.headers); });
    if (!waits_for && error != RD_KAFKA_RESP_ERR_NO_ERROR) {
      state_.placements.erase(message.ticket);
      return not_taken(error, message);
    }
  }
  if (waits_for) topic.hold(*waits_for, keep(message.ticket, std::move(encoded)));
  state_.accepted(bytes);
  return Send::accepted;
}

ProducerSink::Send ProducerSink::not_taken(rd_kafka_resp_err_t error, const outbox::MessageView& message) {
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return Send::full;
  if (error == RD_KAFKA_RESP_ERR__FATAL) {  // what it did to those before comes with their reports: first of all those
    const auto cause = fatal_code(*producer_->client);
    if (is_authorisation(cause) && state_.messages.load(std::memory_order_relaxed) == 0) throw refusal(cause, message);
    close();
    return Send::full;
  }
  // librdkafka knows it from the answer to a message before, whose report is on its way: that one is the first to blame.
  if (is_authorisation(error) && state_.in_flight > 0) return Send::full;
  throw refusal(error, message);
}

void ProducerSink::poll(milliseconds wait, std::vector<outbox::Delivery>& deliveries) {
  const auto before = deliveries.size();
  const Deadline deadline{wait};
  state_.deliveries = &deliveries;
  const bool asked = encoder_.wait(std::min(wait, registry_look));
  do {
    rd_kafka_poll(producer_->client.get(), asked ? 0 : to_int_ms(deadline.left()));
    go_on();
    advance();
  } while (deliveries.size() == before && phase_ != Phase::broken && !deadline.passed() && !asked);
  state_.deliveries = nullptr;
}

/// What waited for an answer leaves.
void ProducerSink::go_on() {
  if (phase_ != Phase::open || !state_.returned.empty()) return;  // nothing may overtake what failed
  const auto answered = producer_->topics.take_answered();
  std::vector<ProducerTopic::Departure> departures;
  Cork cork{*producer_->client};
  for (const auto& [topic, partition] : answered) {
    departures.push_back(topic->departure(partition, limits_));
    if (departures.back().batch) cork.add(topic->handle(), partition);
  }
  cork.close();
  for (std::size_t i = 0; i < answered.size(); ++i) go_on(*answered[i].topic, answered[i].partition, departures[i]);
}

void ProducerSink::go_on(ProducerTopic& topic, std::int32_t partition, ProducerTopic::Departure departure) {
  auto& waiting = topic.waiting(partition);
  std::size_t bytes = 0;
  for (; departure.count > 0 && phase_ == Phase::open && state_.returned.empty(); --departure.count) {
    auto& message = waiting.front();
    bytes += message.request_bytes;
    if (departure.batch && bytes > limits_.bytes && bytes > message.request_bytes) break;  // the first goes in any case
    auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
    topic.send_to(partition, [&] { error = producer_->produce(topic, record_of(message), message.headers); });
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL || (is_authorisation(error) && state_.in_flight > 0)) break;
    if (error == RD_KAFKA_RESP_ERR__FATAL) return close();
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      waiting.pop_front();
      continue;
    }
    auto& refused = state_.returned.emplace_back(topic.take_front(waiting));
    refused.verdict = verdict_of(error);
    refused.reason = describe(error);
  }
  topic.departed(partition);
}

void ProducerSink::advance() {
  if (phase_ == Phase::resending && state_.returned.empty()) resend();
  if (phase_ == Phase::closing || (phase_ != Phase::broken && !state_.returned.empty())) close();
  if (phase_ == Phase::closing && state_.in_flight == 0) decide();
}

/// Gives up only what waits: requests in flight are answered by the broker, and their answers are worth having.
void ProducerSink::close() {
  phase_ = Phase::closing;
  for (auto& message : producer_->topics.take_waiting()) {
    message.reason = "not sent";
    state_.returned.push_back(std::move(message));
  }
  (void)rd_kafka_purge(producer_->client.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_NON_BLOCKING);
}

void ProducerSink::decide() {
  std::ranges::stable_sort(state_.returned, {}, &KeptMessage::ticket);
  const bool unclear = requests_ == Requests::gather && !any_of(state_.returned, Verdict::on_topic) &&
                       any_of(state_.returned, Verdict::on_batch);
  blames_a_batch_ = unclear && is_transactional();
  if (unclear && !is_transactional()) {
    find_the_one_to_blame();
  } else {
    break_down();
  }
}

void ProducerSink::find_the_one_to_blame() {
  requests_ = Requests::single;
  limits_.messages = 1;
  producer_.reset();  // first, so that there are never two
  producer_ = std::make_unique<Producer>(options_, state_, requests_, transactional_);
  for (auto& message : state_.returned) to_resend_.push_back(unjudged(std::move(message)));
  state_.returned.clear();
  phase_ = Phase::resending;
  resend();
}

void ProducerSink::resend() {
  while (!to_resend_.empty()) {
    auto& message = to_resend_.front();
    auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
    try {
      auto& topic = producer_->topics.get(message.topic);
      const auto waits = topic.held_back(
          message.placement, [&] { error = producer_->produce(topic, record_of(message), message.headers); });
      if (waits) return;
    } catch (const Error& reason) {
      if (reason.kind() != ErrorKind::refused) return;  // no answer about the topic: the next poll asks again
      message.verdict = Verdict::on_topic;
      message.reason = reason.message();
      return close();
    }
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return close();
    to_resend_.pop_front();
  }
  phase_ = Phase::open;
}

void ProducerSink::break_down() {
  std::ranges::move(to_resend_, std::back_inserter(state_.returned));
  to_resend_.clear();
  failure_ = "the Kafka sink is broken";
  blame_the_first_of_a_principal_without_rights();
  const auto fatal = fatal_error(*producer_->client);
  if (!fatal.empty()) failure_ += ": " + fatal;
  const auto culprit = std::ranges::find_if(state_.returned, [&](const auto& message) { return is_to_blame(message); });
  const auto first = culprit != state_.returned.end() ? culprit : state_.returned.begin();
  if (first != state_.returned.end()) {
    failure_ += fmt::format(": the message with ticket {} was not delivered: {}", first->ticket, first->reason);
  }
  for (auto& message : state_.returned) give_up(message);
  state_.returned.clear();
  phase_ = Phase::broken;
}

/// Who may write nothing at all gets no id for a producer: then no request says which message it is about.
void ProducerSink::blame_the_first_of_a_principal_without_rights() {
  const auto cause = fatal_code(*producer_->client);
  if (!is_authorisation(cause) || state_.returned.empty() || any_of(state_.returned, Verdict::on_topic)) return;
  auto& first = state_.returned.front();
  first.verdict = Verdict::on_topic;
  first.reason = describe(cause) + what_it_takes(first.topic);
}

void ProducerSink::give_up(KeptMessage& message) {
  const auto outcome = is_to_blame(message) ? Outcome::refused : Outcome::undecided;
  state_.report({.ticket = message.ticket, .outcome = outcome, .reason = std::move(message.reason)}, message.bytes());
}

}  // namespace annals::kafka
