#include "enqueue/emitted.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>

#include "annals/core/content_type.hpp"
#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/postgres/row_batch.hpp"

namespace annals::outbox {
namespace {

using postgres::RowReader;

constexpr std::string_view named = "annals.outbox/";
constexpr std::string_view version = "1";
constexpr std::string_view origin = "what was emitted";

/// The fields in their order.
enum Field : std::uint8_t {
  position,
  id,
  recorded_at,
  occurred_at,
  content_type,
  topic,
  key,
  type,
  payload,
  correlation_id,
  causation_id,
  traceparent,
  tracestate,
  headers,
  fields,
};

/// OIDs of PostgreSQL's own types, which never change.
enum Oid : std::uint32_t {
  oid_bytea = 17,
  oid_int8 = 20,
  oid_int2 = 21,
  oid_bytea_array = 1001,
  oid_timestamptz = 1184,
  oid_uuid = 2950
};

constexpr std::array<Oid, fields> types{oid_int8,  oid_uuid,  oid_timestamptz, oid_timestamptz, oid_int2,
                                        oid_bytea, oid_bytea, oid_bytea,       oid_bytea,       oid_bytea,
                                        oid_bytea, oid_bytea, oid_bytea,       oid_bytea_array};

[[noreturn]] void fail(const std::string& why) {
  throw Error{ErrorKind::corrupt,
              fmt::format("{} {}", origin, why),
              {.hint = "only outbox_emit() of the schema may write it: find out who did"}};
}

std::uint32_t take_number(std::string_view& rest) {
  if (rest.size() < sizeof(std::uint32_t)) fail("is cut short");
  std::uint32_t value = 0;
  for (const char c : rest.substr(0, sizeof value)) value = value << 8U | static_cast<unsigned char>(c);
  rest.remove_prefix(sizeof value);
  return value;
}

/// Each with its length before it, as COPY's binary form has it.
std::array<std::string_view, fields> take_fields(std::string_view content) {
  std::array<std::string_view, fields> out;
  if (const auto count = take_number(content); count != fields)
    fail(fmt::format("has {} fields, not {:d}", count, +fields));
  for (std::size_t i = 0; i < fields; ++i) {
    if (const auto oid = take_number(content); oid != types.at(i))
      fail(fmt::format("has type {} in field {}", oid, i + 1));
    auto rest = content;
    const auto length = take_number(rest);
    const std::size_t size = length == std::numeric_limits<std::uint32_t>::max() ? 0 : length;
    if (size > rest.size()) fail(fmt::format("is cut short in field {}", i + 1));
    out.at(i) = content.substr(0, sizeof length + size);
    content.remove_prefix(out.at(i).size());
  }
  if (!content.empty()) fail("is longer than it says");
  return out;
}

/// What the domains of outbox_emit() let through; whoever else wrote it must not get further.
void require_legal(const MessageView& view) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max() / 2;  // there is room behind each
  if (view.position < 1 || view.position > most) fail(fmt::format("has position {}", view.position));
  if (view.id.is_nil()) fail("has no id");
  if (view.type.empty() || view.type.size() > limits::event_type_bytes_max) {
    fail(fmt::format("has a type of {} bytes", view.type.size()));
  }
  if (view.key.size() > message_key_bytes_max) fail(fmt::format("has a key of {} bytes", view.key.size()));
  if (view.payload.size() > limits::event_data_bytes_max) {
    fail(fmt::format("has a payload of {} bytes", view.payload.size()));
  }
  try {
    require_topic(view.topic);
  } catch (const Error& error) {
    fail(fmt::format("has no topic: {}", error.message()));
  }
}

}  // namespace

EmittedPrefix::EmittedPrefix(std::string_view schema, std::string_view token)
    : behind_version_(fmt::format("/{}/{}", schema, token)) {}

EmittedPrefix::Of EmittedPrefix::of(std::string_view prefix) const {
  if (behind_version_.empty() || !prefix.starts_with(named)) return Of::others;
  prefix.remove_prefix(named.size());
  const auto end = prefix.find('/');
  if (end == std::string_view::npos || prefix.substr(end) != behind_version_) return Of::others;
  return prefix.substr(0, end) == version ? Of::ours : Of::newer;
}

void decode_emitted(std::string_view content, MessageView& view) {
  const auto values = take_fields(content);
  const auto of = [&](Field field) {
    const auto value = values.at(field);
    return RowReader{value.data(), value.size(), origin};
  };
  view.position = of(position).bigint();
  view.id = of(id).uuid();
  const auto recorded = of(recorded_at).timestamptz();
  view.time = of(occurred_at).optional_timestamptz().value_or(recorded);
  view.content_type = content_type_from_code(of(content_type).smallint());
  view.topic = of(topic).bytes();
  view.key = of(key).optional_bytes();
  view.type = of(type).bytes();
  view.payload = of(payload).bytes();
  view.correlation_id = of(correlation_id).optional_bytes();
  view.causation_id = of(causation_id).optional_bytes();
  view.traceparent = of(traceparent).optional_bytes();
  view.tracestate = of(tracestate).optional_bytes();
  of(headers).pairs(view.headers);
  view.subject = {};
  view.sequence = 0;
  view.fault.clear();
  require_legal(view);
}

}  // namespace annals::outbox
