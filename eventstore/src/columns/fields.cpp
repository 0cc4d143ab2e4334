#include "columns/fields.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "annals/postgres/array_literal.hpp"

namespace annals::eventstore::columns {
namespace {

Error unreadable(std::string_view what, std::string_view value) {
  return Error{ErrorKind::corrupt, fmt::format("\"{}\" is {}", printable(value, 40), what)};
}

std::uint8_t hex_digit(char c, std::string_view text) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  throw unreadable("not hexadecimal", text);
}

std::string from_hex(std::string_view text) {
  if (text.size() % 2 != 0) throw unreadable("not hexadecimal", text);
  std::string bytes(text.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(hex_digit(text[2 * i], text) << 4U | hex_digit(text[2 * i + 1], text));
  }
  return bytes;
}

}  // namespace

Timestamp time_of(std::string_view wire) {
  if (wire.size() != 8) throw Error{ErrorKind::corrupt, "a time is missing"};
  std::uint64_t bits = 0;
  for (const char byte : wire) bits = bits << 8U | static_cast<unsigned char>(byte);
  const auto micros = static_cast<std::int64_t>(bits);
  if (micros < timestamp_to_postgres(timestamp_min) || micros > timestamp_to_postgres(timestamp_max)) {
    throw Error{ErrorKind::corrupt, "a time is not of the years 1 to 9999"};
  }
  return timestamp_from_postgres(micros);
}

std::optional<Timestamp> CopyFields::optional_time() {
  bool is_null = false;
  const auto wire = row_.optional_bytes(&is_null);
  return is_null ? std::nullopt : std::optional{time_of(wire)};
}

std::optional<Timestamp> BinaryFields::optional_time() {
  const int column = next_++;
  return result_.is_null(row_, column) ? std::nullopt : std::optional{time_of(result_.bytes(row_, column))};
}

void BinaryFields::headers(HeaderPairs& out) {
  const int column = next_++;
  out.clear();
  if (result_.is_null(row_, column)) return;
  const auto array = result_.bytes(row_, column);
  std::string field;  // as a field of COPY: the length first, in network byte order
  for (int shift = 24; shift >= 0; shift -= 8) field += static_cast<char>(array.size() >> static_cast<unsigned>(shift));
  field += array;
  postgres::RowReader{field.data(), field.size()}.pairs(out);
}

std::int64_t TextFields::bigint() {
  const auto digits = text();
  const auto value = parse_number<std::int64_t>(digits);
  if (!value) throw unreadable("no number", digits);
  return *value;
}

EventId TextFields::uuid() {
  const auto value = text();
  const auto id = EventId::parse(value);
  if (!id) throw unreadable("no UUID", value);
  return *id;
}

std::string TextFields::bytea() { return from_hex(text()); }

std::optional<Timestamp> TextFields::optional_time() {
  const bool is_null = field(next_).is_null();
  const auto wire = bytea();
  return is_null ? std::nullopt : std::optional{time_of(wire)};
}

void TextFields::headers(HeaderPairs& out) {
  const int column = next_++;
  if (field(column).is_null()) {
    out.clear();
  } else {
    out = postgres::read_headers(view(column));
  }
}

}  // namespace annals::eventstore::columns
