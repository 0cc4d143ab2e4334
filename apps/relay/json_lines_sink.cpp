#include "relay/json_lines_sink.hpp"

#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "annals/core/text.hpp"
#include "annals/json/base64.hpp"
#include "annals/json/scanner.hpp"
#include "annals/json/string.hpp"

namespace annals::relayd {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += ",\"";
  out += name;
  out += "\":";
  json::append_string(out, value);
}

void append_headers(std::string& out, const outbox::MessageView& message) {
  if (message.headers.empty()) return;
  char separator = '[';
  out += ",\"headers\":";
  for (const auto& [name, value] : message.headers) {
    out += separator;
    out += '[';
    json::append_string(out, name);
    out += ',';
    json::append_string(out, value);
    out += ']';
    separator = ',';
  }
  out += ']';
}

/// Nothing when the payload is not the JSON that it claims to be.
std::optional<std::string> json_data(const outbox::MessageView& message) {
  if (message.content_type != ContentType::json) return std::nullopt;
  try {
    return json::compact(message.payload);
  } catch (const json::Malformed&) {
    return std::nullopt;
  }
}

void append_data(std::string& out, const outbox::MessageView& message) {
  if (!message.claim.empty()) {
    append_member(out, "dataref", message.claim);
  } else if (const auto data = json_data(message)) {
    out.append(",\"data\":").append(without_terminal_controls(*data));
  } else {
    out.append(",\"data_base64\":\"").append(json::encode_base64(message.payload)).append("\"");
  }
}

}  // namespace

void append_json_line(std::string& out, const outbox::MessageView& message, std::string_view database) {
  fmt::format_to(std::back_inserter(out), "{{\"position\":{}", message.position);
  append_member(out, "database", database);
  append_member(out, "topic", message.topic);
  append_member(out, "key", message.key);
  append_member(out, "id", message.id.to_string());
  append_member(out, "type", message.type);
  append_member(out, "time", format_timestamp(message.time));
  append_member(out, "subject", message.subject);
  if (message.sequence > 0) fmt::format_to(std::back_inserter(out), ",\"sequence\":{}", message.sequence);
  append_member(out, "correlationid", message.correlation_id);
  append_member(out, "causationid", message.causation_id);
  append_member(out, "traceparent", message.traceparent);
  append_member(out, "tracestate", message.tracestate);
  append_headers(out, message);
  append_member(out, "datacontenttype", media_type(message.content_type));
  message.tombstone ? static_cast<void>(out += ",\"data\":null") : append_data(out, message);
  out += "}\n";
}

outbox::Sink::Send JsonLinesSink::send(const outbox::MessageView& message) {
  if (queue_.size() >= queue_bytes_max_) return Send::full;
  append_json_line(queue_, message, database_);
  pending_.push_back({message.ticket, written_ + queue_.size()});
  return Send::accepted;
}

void JsonLinesSink::poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) {
  if (queue_.empty()) return;
  const auto count = output_.write(this, queue_, std::chrono::steady_clock::now() + wait);
  queue_.erase(0, count);
  written_ += count;
  while (!pending_.empty() && pending_.front().end <= written_) {
    deliveries.push_back(
        {.ticket = pending_.front().ticket, .outcome = outbox::Delivery::Outcome::delivered, .reason = {}});
    pending_.pop_front();
  }
}

}  // namespace annals::relayd
