#include "annals/postgres/params.hpp"

#include <fmt/format.h>

#include <limits>

#include "annals/core/error.hpp"
#include "values/wire.hpp"

namespace annals::postgres {
namespace {

// Type OIDs of array elements; fixed in PostgreSQL's catalog (pg_type.dat).
constexpr std::int32_t oid_bytea = 17;
constexpr std::int32_t oid_int8 = 20;
constexpr std::int32_t oid_int2 = 21;
constexpr std::int32_t oid_text = 25;
constexpr std::int32_t oid_timestamptz = 1184;
constexpr std::int32_t oid_uuid = 2950;

/// Sizes travel in 32 bits; far below that PostgreSQL refuses a message. Asked before anything is copied.
std::size_t require_size(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
    throw invalid(fmt::format("a parameter of a statement has {} bytes", bytes),
                  "at most 2147483647 can be sent; split what is written over several statements");
  }
  return bytes;
}

/// array_recv's format: dimensions, null flag, element type, then per dimension size and lower bound, then elements.
void append_array_head(std::string& out, std::int32_t oid, std::size_t size) {
  wire::append<std::int32_t>(out, size == 0 ? 0 : 1);
  wire::append<std::int32_t>(out, 1);
  wire::append<std::int32_t>(out, oid);
  if (size == 0) return;
  wire::append(out, static_cast<std::int32_t>(require_size(size)));
  wire::append<std::int32_t>(out, 1);
}

void append_element(std::string& out, std::string_view bytes) {
  wire::append(out, static_cast<std::int32_t>(require_size(bytes.size())));
  out += bytes;
}

void append_null(std::string& out) { wire::append<std::int32_t>(out, -1); }

std::string_view bytes_of(const EventId& id) {
  return {reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()};
}

template <class Int>
void append_integer_element(std::string& out, Int value) {
  wire::append(out, static_cast<std::int32_t>(sizeof value));
  wire::append(out, value);
}

}  // namespace

template <class Write>
Params& Params::add(Write write) {
  const auto offset = buffer_.size();
  write(buffer_);
  slots_.push_back({offset, static_cast<int>(require_size(buffer_.size() - offset))});
  buffer_ += '\0';  // libpq never reads it; keeps an empty value's pointer inside the buffer
  return *this;
}

Params& Params::null() {
  slots_.push_back({buffer_.size(), -1});
  return *this;
}

Params& Params::text(std::string_view value) {
  (void)require_size(value.size());
  return add([&](std::string& out) { out += value; });
}

Params& Params::optional_text(std::string_view value) { return value.empty() ? null() : text(value); }

Params& Params::bytea(std::string_view value) { return text(value); }

Params& Params::bigint(std::int64_t value) {
  return add([&](std::string& out) { wire::append(out, value); });
}

Params& Params::integer(std::int32_t value) {
  return add([&](std::string& out) { wire::append(out, value); });
}

Params& Params::smallint(std::int16_t value) {
  return add([&](std::string& out) { wire::append(out, value); });
}

Params& Params::boolean(bool value) {
  return add([&](std::string& out) { out += value ? '\1' : '\0'; });
}

Params& Params::uuid(const EventId& value) { return text(bytes_of(value)); }

Params& Params::timestamptz(Timestamp value) { return bigint(timestamp_to_postgres(value)); }

Params& Params::text_array(std::span<const std::optional<std::string_view>> values) {
  return add([&](std::string& out) {
    append_array_head(out, oid_text, values.size());
    for (const auto& value : values) value ? append_element(out, *value) : append_null(out);
  });
}

Params& Params::bytea_array(std::span<const std::string_view> values) {
  return add([&](std::string& out) {
    append_array_head(out, oid_bytea, values.size());
    for (const auto value : values) append_element(out, value);
  });
}

Params& Params::uuid_array(std::span<const EventId> values) {
  return add([&](std::string& out) {
    append_array_head(out, oid_uuid, values.size());
    for (const auto& value : values) append_element(out, bytes_of(value));
  });
}

Params& Params::smallint_array(std::span<const std::int16_t> values) {
  return add([&](std::string& out) {
    append_array_head(out, oid_int2, values.size());
    for (const auto value : values) append_integer_element(out, value);
  });
}

Params& Params::bigint_array(std::span<const std::int64_t> values) {
  return add([&](std::string& out) {
    append_array_head(out, oid_int8, values.size());
    for (const auto value : values) append_integer_element(out, value);
  });
}

Params& Params::timestamptz_array(std::span<const std::optional<Timestamp>> values) {
  return add([&](std::string& out) {
    append_array_head(out, oid_timestamptz, values.size());
    for (const auto& value : values) {
      value ? append_integer_element(out, timestamp_to_postgres(*value)) : append_null(out);
    }
  });
}

void Params::clear() noexcept {
  buffer_.clear();
  slots_.clear();
}

Params::Wire Params::wire() const {
  Wire wire;
  wire.formats.assign(slots_.size(), 1);
  for (const auto& slot : slots_) {
    wire.values.push_back(slot.length < 0 ? nullptr : buffer_.data() + slot.offset);
    wire.lengths.push_back(slot.length < 0 ? 0 : slot.length);
  }
  return wire;
}

void Params::append_row_to(std::string& out) const {
  wire::append(out, static_cast<std::int16_t>(slots_.size()));
  for (const auto& slot : slots_) {
    wire::append(out, static_cast<std::int32_t>(slot.length));
    if (slot.length > 0) out.append(buffer_, slot.offset, static_cast<std::size_t>(slot.length));
  }
}

}  // namespace annals::postgres
