#include "wire/schema_frame.hpp"

#include <optional>

#include "annals/core/assert.hpp"

namespace annals::kafka {
namespace {

constexpr std::size_t id_end = 5;  ///< of the zero byte and the id
constexpr int varint_bytes_max = 5;

void put_varint(std::string& out, std::int32_t value) {
  auto left = static_cast<std::uint32_t>(value) << 1U;  // zigzag, of what is never negative
  for (; left >= 0x80U; left >>= 7U) out += static_cast<char>((left & 0x7FU) | 0x80U);
  out += static_cast<char>(left);
}

/// How many, and each; a lone zero stands for the first message of the file.
void put_indexes(std::string& out, const Schema& schema, ContentType content_type) {
  if (content_type != ContentType::protobuf) return;
  ANNALS_ASSERT(!schema.message_indexes.empty());
  if (schema.message_indexes == std::vector<std::int32_t>{0}) {
    out += '\0';
    return;
  }
  put_varint(out, static_cast<std::int32_t>(schema.message_indexes.size()));
  for (const auto index : schema.message_indexes) put_varint(out, index);
}

/// The number at `at`, which moves behind it.
std::optional<std::uint32_t> read_varint(std::string_view text, std::size_t& at) {
  std::uint32_t value = 0;
  for (int i = 0; i < varint_bytes_max && at < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[at++]);
    value |= (byte & 0x7FU) << (7U * static_cast<unsigned>(i));
    if ((byte & 0x80U) == 0) return value >> 1U;
  }
  return std::nullopt;
}

/// Where the indexes at `at` end.
std::optional<std::size_t> end_of_indexes(std::string_view text, std::size_t at) {
  const auto count = read_varint(text, at);
  if (!count || *count > text.size()) return std::nullopt;
  for (std::uint32_t i = 0; i < *count; ++i) {
    if (!read_varint(text, at)) return std::nullopt;
  }
  return at;
}

}  // namespace

void write_prefix(std::string& out, const Schema& schema, ContentType content_type) {
  out.assign(1, '\0');
  for (const auto shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(static_cast<std::uint32_t>(schema.id) >> shift);
  put_indexes(out, schema, content_type);
}

void write_schema_header(std::string& out, const Schema& schema, ContentType content_type) {
  ANNALS_ASSERT(schema.guid.has_value());
  out.assign(1, '\1');
  for (const auto byte : *schema.guid) out += static_cast<char>(byte);
  put_indexes(out, schema, content_type);
}

void take_off_prefix(projections::IncomingMessage& message) {
  const std::string_view payload = message.payload;
  if (payload.empty()) return;  // a tombstone, which has none
  if (payload.size() < id_end || payload.front() != '\0') {
    message.damaged = "its value does not begin with the id of a schema";
    return;
  }
  auto end = std::optional{id_end};
  if (message.content_type == ContentType::protobuf) end = end_of_indexes(payload, id_end);
  if (message.content_type == ContentType::octet_stream) end.reset();
  if (end) {
    message.payload.erase(0, *end);
  } else {
    message.damaged = "its content-type does not tell where the id of its schema ends: it is neither JSON nor Protobuf";
  }
}

}  // namespace annals::kafka
