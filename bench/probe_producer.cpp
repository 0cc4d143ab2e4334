#include "probe_producer.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <utility>

#include "annals/core/error.hpp"

namespace annals::bench {
namespace {

constexpr std::pair<const char*, const char*> settings[] = {
    {"acks", "all"},
    {"batch.num.messages", "100000"},
    {"batch.size", "1000000"},
    {"enable.gapless.guarantee", "true"},
    {"enable.idempotence", "true"},
    {"linger.ms", "0"},
    {"log_level", "3"},
    {"message.timeout.ms", "0"},
    {"partitioner", "murmur2_random"},
    {"socket.nagle.disable", "true"},
    {"queue.buffering.max.kbytes", "16384"},
    {"queue.buffering.max.messages", "100000"},
};

void count_failure(rd_kafka_t*, const rd_kafka_message_t* message, void* failed) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++*static_cast<std::int64_t*>(failed);
}

}  // namespace

ProbeProducer::ProbeProducer(const std::string& brokers) {
  std::array<char, 512> why{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), why.data(), why.size());
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK) {
      throw Error{ErrorKind::invalid, why.data()};
    }
  }
  rd_kafka_conf_set_opaque(conf, &failed_);
  rd_kafka_conf_set_dr_msg_cb(conf, count_failure);
  producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
  if (producer_ == nullptr) throw Error{ErrorKind::failed, why.data()};
}

ProbeProducer::~ProbeProducer() { rd_kafka_destroy(producer_); }

// librdkafka's macros cast in C's way.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
void ProbeProducer::produce(const std::string& topic, std::int64_t number, const std::string& payload) {
  const auto key = fmt::format("order-{}", number % 10'000);
  const auto id = fmt::format("0190a6c2-7d2e-7000-8000-{:012x}", number);
  constexpr ssize_t whole = -1;  // of a C string
  while (true) {
    const auto result = rd_kafka_producev(
        producer_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(payload.data()), payload.size()),
        RD_KAFKA_V_HEADER("ce_specversion", "1.0", whole), RD_KAFKA_V_HEADER("ce_id", id.data(), whole),
        RD_KAFKA_V_HEADER("ce_source", "/annals", whole), RD_KAFKA_V_HEADER("ce_type", "bench.v1.OrderPlaced", whole),
        RD_KAFKA_V_HEADER("ce_time", "2026-01-01T00:00:00.123456Z", whole),
        RD_KAFKA_V_HEADER("content-type", "application/protobuf", whole), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_END);
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    if (result != RD_KAFKA_RESP_ERR__QUEUE_FULL) throw Error{ErrorKind::failed, rd_kafka_err2str(result)};
    rd_kafka_poll(producer_, 5);
  }
  if (number % 1000 == 0) rd_kafka_poll(producer_, 0);
}

#pragma GCC diagnostic pop

void ProbeProducer::flush() {
  while (rd_kafka_outq_len(producer_) > 0) rd_kafka_poll(producer_, 10);
  if (failed_ > 0) throw Error{ErrorKind::failed, fmt::format("{} records were not acknowledged", failed_)};
}

}  // namespace annals::bench
