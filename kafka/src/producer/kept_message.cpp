#include "producer/kept_message.hpp"

#include <fmt/format.h>

#include <utility>

#include "client/acl.hpp"
#include "wire/encoder.hpp"

namespace annals::kafka {
namespace {

std::string text_of(const void* data, std::size_t size) {
  return data == nullptr ? std::string{} : std::string{static_cast<const char*>(data), size};
}

std::string_view certainty(const rd_kafka_message_t& message) {
  return rd_kafka_message_status(&message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED ? "not written" : "perhaps written";
}

}  // namespace

std::string what_it_takes(std::string_view topic) {
  return fmt::format("; it takes {} (kafka-acls.sh)", acl_to_write(topic));
}

std::size_t request_bytes(const outbox::MessageView& message, std::string_view source) {
  constexpr std::size_t always = 220;  // lengths, names and what does not vary of the headers that each message has
  constexpr std::size_t sometimes = 100;
  constexpr std::size_t a_header = 16;
  const auto optional = message.subject.size() + message.correlation_id.size() + message.causation_id.size() +
                        message.traceparent.size() + message.tracestate.size() + 2 * message.claim.size();
  auto bytes = always + message.key.size() + message.payload.size() + source.size() + message.type.size();
  if (optional > 0) bytes += sometimes + optional;
  for (const auto& [name, value] : message.headers) bytes += a_header + name.size() + value.size();
  return bytes;
}

KeptMessage keep(std::int64_t ticket, Encoded encoded) {
  KeptMessage out;
  out.ticket = ticket;
  out.has_key = encoded.has_key;
  out.key = encoded.key;
  out.is_tombstone = encoded.is_tombstone;
  out.payload = encoded.payload;
  out.headers = std::move(encoded.headers);
  out.placement = std::move(encoded.placement);
  out.request_bytes = encoded.request_bytes;
  return out;
}

KeptMessage take_back(const rd_kafka_message_t& message, std::int64_t ticket) {
  KeptMessage out;
  out.ticket = ticket;
  out.topic = rd_kafka_topic_name(message.rkt);
  out.has_key = message.key != nullptr;
  out.key = text_of(message.key, message.key_len);
  out.is_tombstone = message.payload == nullptr;
  out.payload = text_of(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    out.headers.reset(rd_kafka_headers_copy(headers));
  }
  out.verdict = verdict_of(message.err);
  const bool too_large = message.err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  out.reason = fmt::format("{}, {}{}", describe(message.err), certainty(message),
                           too_large                       ? std::string{"; it is over the topic's max.message.bytes"}
                           : is_authorisation(message.err) ? what_it_takes(out.topic)
                                                           : std::string{});
  return out;
}

}  // namespace annals::kafka
