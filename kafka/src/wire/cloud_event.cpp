#include "wire/cloud_event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>

#include "annals/core/reserved_headers.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "annals/outbox/claim.hpp"
#include "wire/header_map.hpp"
#include "wire/structured_event.hpp"

namespace annals::kafka {
namespace {

void add(rd_kafka_headers_t& headers, std::string_view name, std::string_view value) {
  add_header(headers, name, value);
}

void add_if_any(rd_kafka_headers_t& headers, std::string_view name, std::string_view value) {
  if (!value.empty()) add(headers, name, value);
}

void add_id(rd_kafka_headers_t& headers, const EventId& id) {
  std::array<char, 36> text;
  id.format_to(text.data());
  add(headers, "ce_id", {text.data(), text.size()});
}

/// Writes `value` with exactly `width` digits and what follows it.
char* put(char* at, std::int64_t value, int width, char follower) {
  for (int i = width - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
  at[width] = follower;
  return at + width + 1;
}

/// RFC 3339 with six digits of the second. By hand: this runs for every message, and it is five times as fast as
/// formatting in general.
void add_time(rd_kafka_headers_t& headers, Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const int year{date.year()};
  if (year < 0 || year > 9999) return add(headers, "ce_time", format_timestamp(time));
  std::array<char, 27> text;
  char* at = put(text.data(), year, 4, '-');
  at = put(at, static_cast<unsigned>(date.month()), 2, '-');
  at = put(at, static_cast<unsigned>(date.day()), 2, 'T');
  at = put(at, clock.hours().count(), 2, ':');
  at = put(at, clock.minutes().count(), 2, ':');
  at = put(at, clock.seconds().count(), 2, '.');
  put(at, clock.subseconds().count(), 6, 'Z');
  add(headers, "ce_time", {text.data(), text.size()});
}

void add_sequence(rd_kafka_headers_t& headers, std::int64_t sequence) {
  std::array<char, 20> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), sequence).ptr;
  add(headers, "ce_sequence", {text.data(), static_cast<std::size_t>(end - text.data())});
}

void add_own(rd_kafka_headers_t& headers, const outbox::MessageView& message) {
  for (const auto& [name, value] : message.headers) {
    if (name.empty() || is_reserved_header(name)) {
      throw refused(
          fmt::format("header {} of the message at position {} is made by the sink", printable(name), message.position),
          "give it another name, without ce_, and not content-type, traceparent or tracestate");
    }
    add(headers, name, value);
  }
}

// --- reading ---

/// Takes a text into a member that is still empty.
bool take(std::string& member, std::string_view value) {
  if (!member.empty() || value.empty()) return false;
  member = value;
  return true;
}

bool take_sequence(std::int64_t& member, std::string_view value) {
  const auto number = parse_number<std::int64_t>(value);
  if (member != 0 || !number || *number <= 0) return false;
  member = *number;
  return true;
}

template <class T>
bool take(std::optional<T>& member, std::optional<T> parsed) {
  if (member || !parsed) return false;
  member = parsed;
  return true;
}

/// The values that a member cannot say "absent" for, while the headers are read.
struct Parsed {
  std::optional<Timestamp> time;
  std::optional<ContentType> content_type;
  bool is_structured = false;
  std::string event_traceparent;
  std::string event_tracestate;
};

/// The media type of the payload; or CloudEvents', of the whole value.
bool take_content_type(std::string_view value, Parsed& parsed) {
  if (!value.starts_with(structured_media_type)) return take(parsed.content_type, parse_media_type(value));
  parsed.is_structured = true;
  return true;
}

bool take_header(std::string_view name, std::string_view value, projections::IncomingMessage& message, Parsed& parsed) {
  if (name == "ce_id") return take(message.id, value);
  if (name == "ce_source") return take(message.source, value);
  if (name == "ce_type") return take(message.type, value);
  if (name == "ce_subject") return take(message.subject, value);
  if (name == "ce_sequence") return take_sequence(message.sequence, value);
  if (name == "ce_time") return take(parsed.time, parse_timestamp(value));
  if (name == "content-type") return take_content_type(value, parsed);
  if (name == "ce_correlationid") return take(message.metadata.correlation_id, value);
  if (name == "ce_causationid") return take(message.metadata.causation_id, value);
  if (name == "traceparent") return take(message.metadata.traceparent, value);
  if (name == "tracestate") return take(message.metadata.tracestate, value);
  if (name == "ce_traceparent") return take(parsed.event_traceparent, value);
  if (name == "ce_tracestate") return take(parsed.event_tracestate, value);
  return name == "ce_specversion";  // says nothing that anybody needs
}

/// The plain trace context is of the hop, CloudEvents' own is of the event's origin; the first is what to go on with.
void settle(Parsed parsed, projections::IncomingMessage& message) {
  if (parsed.time) message.time = *parsed.time;
  message.content_type = parsed.content_type.value_or(ContentType::octet_stream);
  if (message.metadata.traceparent.empty()) {
    message.metadata.traceparent = std::move(parsed.event_traceparent);
    message.metadata.tracestate = std::move(parsed.event_tracestate);
  }
}

}  // namespace

void add_attributes(rd_kafka_headers_t& headers, const outbox::MessageView& message, std::string_view source) {
  add(headers, "ce_specversion", "1.0");
  add_id(headers, message.id);
  add(headers, "ce_source", source);
  add(headers, "ce_type", message.type);
  add_time(headers, message.time);
  add(headers, "content-type", media_type(message.content_type));
  add_if_any(headers, "ce_subject", message.subject);
  if (message.sequence != 0) add_sequence(headers, message.sequence);
  add_if_any(headers, "ce_correlationid", message.correlation_id);
  add_if_any(headers, "ce_causationid", message.causation_id);
}

HeadersHandle make_headers(const outbox::MessageView& message, std::string_view source) {
  HeadersHandle headers{rd_kafka_headers_new(attribute_headers_max + message.headers.size())};
  if (!headers) throw std::bad_alloc{};
  add_attributes(*headers, message, source);
  add_if_any(*headers, "traceparent", message.traceparent);
  add_if_any(*headers, "tracestate", message.tracestate);
  add_own(*headers, message);
  add_if_any(*headers, outbox::claim_header, message.claim);
  return headers;
}

bool read_headers(const rd_kafka_headers_t& headers, projections::IncomingMessage& message) {
  Parsed parsed;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  const auto count = rd_kafka_header_cnt(&headers);
  for (std::size_t i = 0; i < std::min(count, read_headers_max); ++i) {
    if (rd_kafka_header_get_all(&headers, i, &name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) break;
    const std::string_view text{value == nullptr ? "" : static_cast<const char*>(value), size};
    if (!take_header(name, text, message, parsed)) message.metadata.headers.emplace_back(name, text);
  }
  const bool is_structured = parsed.is_structured;
  settle(std::move(parsed), message);
  if (count > read_headers_max) {
    message.damaged = fmt::format("{} headers, of which {} were read", count, read_headers_max);
  }
  return is_structured;
}

}  // namespace annals::kafka
