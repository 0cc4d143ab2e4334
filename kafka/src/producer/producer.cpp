#include "producer/producer.hpp"

#include <utility>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "producer/producer_settings.hpp"
#include "producer/ticket.hpp"

namespace annals::kafka {
namespace {

using Outcome = outbox::Delivery::Outcome;

void add_to(std::atomic<std::size_t>& counter, std::size_t amount) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

void subtract_from(std::atomic<std::size_t>& counter, std::size_t amount) noexcept {
  const auto before = counter.load(std::memory_order_relaxed);
  ANNALS_ASSERT(before >= amount);
  counter.store(before - amount, std::memory_order_relaxed);
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) noexcept {
  auto& state = static_cast<SinkState&>(*static_cast<ClientState*>(opaque));
  ProducerTopic::settle(*message);
  ANNALS_ASSERT(state.in_flight > 0);
  --state.in_flight;
  const auto ticket = from_opaque(message->_private);
  const bool delivered = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (delivered) ++state.account.delivered;
  if (ticket == nobodys) return;
  if (!delivered) {
    if (state.deliveries == nullptr) return;
    state.returned.push_back(take_back(*message, ticket));
    state.returned.back().placement = state.placements.find(ticket);
    return;
  }
  state.connected.store(true, std::memory_order_relaxed);
  state.report({.ticket = ticket, .outcome = Outcome::delivered, .reason = {}}, message->len + message->key_len);
}

ClientHandle make_producer(const KafkaSinkOptions& options, SinkState& state, Requests requests,
                           const Transactional& transactional) {
  constexpr std::size_t kilobyte = 1024;
  if (options.source.empty()) throw invalid("the Kafka sink's source is empty", "name the service, as in /shop/orders");
  require_text("the Kafka sink's source", options.source, 1024);
  auto conf = make_conf(options.settings, producer_defaults(), Client::producer, state);
  const auto kilobytes = std::max<std::size_t>(1, (options.queue_bytes_max + kilobyte - 1) / kilobyte);
  set(*conf, "queue.buffering.max.kbytes", std::to_string(kilobytes));
  set(*conf, "queue.buffering.max.messages", std::to_string(std::max<std::size_t>(1, options.queue_messages_max)));
  if (requests == Requests::single) set(*conf, "batch.num.messages", "1");
  if (!transactional.id.empty()) {
    set(*conf, "transactional.id", transactional.id);
    set(*conf, "transaction.timeout.ms", std::to_string(transactional.timeout.count()));
    set(*conf, "message.timeout.ms", std::to_string(transactional.timeout.count()));  // it would be aborted anyway
    set(*conf, "enable.gapless.guarantee", "false");  // an aborted transaction leaves no gap
    // librdkafka takes none that is longer than the transaction's.
    if (!options.settings.contains("socket.timeout.ms")) {
      set(*conf, "socket.timeout.ms", std::to_string(std::min(request_timeout, transactional.timeout).count()));
    }
  }
  rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
  return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

/// An empty string_view may point nowhere, which Kafka would read as "no value": a tombstone.
std::string_view never_null(std::string_view text) { return text.data() == nullptr ? std::string_view{""} : text; }

}  // namespace

void SinkState::accepted(std::size_t size) {
  add_to(messages, 1);
  add_to(bytes, size);
}

void SinkState::report(outbox::Delivery delivery, std::size_t size) {
  subtract_from(messages, 1);
  subtract_from(bytes, size);
  placements.erase(delivery.ticket);
  if (deliveries != nullptr) deliveries->push_back(std::move(delivery));
}

Producer::Producer(const KafkaSinkOptions& options, SinkState& state_in, Requests requests,
                   const Transactional& transactional)
    : state(state_in),
      client(make_producer(options, state, requests, transactional)),
      topics(*client, state,
             {.partitioner = partitioner_of(options.settings),
              .requests_max = requests_max(options.settings),
              .placements = state.placements,
              .wait_max = options.topic_wait_max}) {}

// producev's macros cast as C does. Its array twin, rd_kafka_produceva, frees the headers twice before librdkafka 2.12.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
rd_kafka_resp_err_t Producer::produce(const ProducerTopic& to, const Record& record, HeadersHandle& headers) {
  const void* key = record.has_key ? record.key.data() : nullptr;
  const auto payload = record.is_tombstone ? std::string_view{} : never_null(record.payload);
  const auto error =
      rd_kafka_producev(client.get(), RD_KAFKA_V_RKT(&to.handle()), RD_KAFKA_V_KEY(key, record.key.size()),
                        RD_KAFKA_V_VALUE(const_cast<char*>(payload.data()), payload.size()),  // copied
                        RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                        RD_KAFKA_V_OPAQUE(to_opaque(record.ticket)), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  (void)headers.release();  // owned by the producer now, and only now
  ++state.in_flight;
  ++state.account.produced;
  return error;
}
#pragma GCC diagnostic pop

}  // namespace annals::kafka
