#include "wire/structured_event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "annals/json/base64.hpp"
#include "annals/json/scanner.hpp"
#include "annals/json/string.hpp"

namespace annals::kafka {
namespace {

using projections::IncomingMessage;

/// Attributes of the standard and of others, data among them: more is no event that anybody means.
constexpr std::size_t members_max = 100;

void add(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(out.size() == 1 ? "\"" : ",\"").append(name).append("\":");
  json::append_string(out, value);
}

bool is_json(std::string_view text) {
  try {
    json::require_unicode(text);
    json::require_value(text);
    return true;
  } catch (const json::Malformed&) {
    return false;
  }
}

// --- reading ---

/// What of the event the message cannot hold until all of it is read.
struct Parts {
  bool has_version = false;
  std::optional<std::string_view> data;  ///< JSON
  std::optional<std::string> bytes;
  std::string content_type;
};

std::string text_of(std::string_view json) {
  return json.starts_with('"') ? json::decode_string(json) : std::string{json};  // booleans and integers, too
}

std::int64_t sequence_of(const std::string& text) {
  return std::max<std::int64_t>(parse_number<std::int64_t>(text).value_or(0), 0);
}

/// The members that a text goes to as it is.
std::string* text_member(std::string_view name, IncomingMessage& message) {
  if (name == "id") return &message.id;
  if (name == "source") return &message.source;
  if (name == "type") return &message.type;
  if (name == "subject") return &message.subject;
  if (name == "correlationid") return &message.metadata.correlation_id;
  if (name == "causationid") return &message.metadata.causation_id;
  if (name == "traceparent") return &message.metadata.traceparent;
  if (name == "tracestate") return &message.metadata.tracestate;
  return nullptr;
}

void take_attribute(const std::string& name, std::string text, IncomingMessage& message, Parts& parts) {
  if (name == "specversion") {
    parts.has_version = true;
  } else if (name == "datacontenttype") {
    parts.content_type = std::move(text);
  } else if (auto* member = text_member(name, message)) {
    if (member->empty()) *member = std::move(text);  // a trace context of the record is nearer than the event's
  } else if (const auto time = name == "time" ? parse_timestamp(text) : std::nullopt) {
    message.time = *time;
  } else if (const auto sequence = name == "sequence" ? sequence_of(text) : 0; sequence > 0) {
    message.sequence = sequence;
  } else {
    message.metadata.headers.emplace_back("ce_" + name, std::move(text));
  }
}

void take_member(const json::Member& member, IncomingMessage& message, Parts& parts) {
  if (member.text == "null") return;  // as if it were not there
  if (member.name == "data") {
    parts.data = member.text;
  } else if (member.name == "data_base64") {
    parts.bytes = json::decode_base64(text_of(member.text));
    if (!parts.bytes) throw json::Malformed{0, "data_base64 is no base64"};
  } else {
    take_attribute(member.name, text_of(member.text), message, parts);
  }
}

std::string payload_of(const Parts& parts, ContentType type) {
  if (parts.bytes) return *parts.bytes;
  if (!parts.data) return {};
  const bool is_text = type != ContentType::json && parts.data->starts_with('"');
  return is_text ? json::decode_string(*parts.data) : std::string{*parts.data};
}

void read(IncomingMessage& message) {
  const auto value = std::move(message.payload);
  message.payload = value;  // as it was, should it be no event
  json::require_unicode(value);
  Parts parts;
  for (const auto& member : json::members(value, members_max)) take_member(member, message, parts);
  if (!parts.has_version) throw json::Malformed{0, "it has no specversion"};
  const auto type = parts.content_type.empty()
                        ? ContentType::json
                        : parse_media_type(parts.content_type).value_or(ContentType::octet_stream);
  message.payload = payload_of(parts, type);
  message.content_type = type;
}

}  // namespace

void write_structured(std::string& out, const outbox::MessageView& message, std::string_view source) {
  out = "{";
  add(out, "specversion", "1.0");
  add(out, "id", message.id.to_string());
  add(out, "source", source);
  add(out, "type", message.type);
  add(out, "time", format_timestamp(message.time));
  add(out, "subject", message.subject);
  if (message.sequence != 0) add(out, "sequence", std::to_string(message.sequence));
  add(out, "correlationid", message.correlation_id);
  add(out, "causationid", message.causation_id);
  add(out, "traceparent", message.traceparent);
  add(out, "tracestate", message.tracestate);
  add(out, "datacontenttype", media_type(message.content_type));
  if (!message.claim.empty()) {
    add(out, "dataref", message.claim);
    out.append("}");
  } else if (message.content_type == ContentType::json && is_json(message.payload)) {
    out.append(",\"data\":").append(message.payload).append("}");
  } else {
    out.append(",\"data_base64\":\"").append(json::encode_base64(message.payload)).append("\"}");
  }
}

std::size_t structured_growth(const outbox::MessageView& message) {
  constexpr std::size_t names = 256;  // and what does not vary
  const auto bytes = message.payload.size();
  if (message.content_type == ContentType::json && is_json(message.payload)) return names;
  return names + (bytes + 2) / 3 * 4 - bytes;
}

void read_structured(IncomingMessage& message) {
  try {
    read(message);
  } catch (const json::Malformed& error) {
    message.damaged = fmt::format("its value is no CloudEvent in JSON: {}", error.what());
  }
}

}  // namespace annals::kafka
