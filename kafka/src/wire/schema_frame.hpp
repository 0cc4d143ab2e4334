#pragma once
#include <string>
#include <string_view>

#include "annals/kafka/schema_registry.hpp"
#include "annals/projections/source.hpp"

/// Confluent's wire format: what tells a reader the schema of a payload.
namespace annals::kafka {

/// Writes over `out`: a zero byte, the id in four bytes, the first one highest, and of Protobuf the message's indexes.
void write_prefix(std::string& out, const Schema& schema, ContentType content_type);
/// Writes over `out` what the header __value_schema_id holds: a one, the GUID, and of Protobuf the message's indexes.
void write_schema_header(std::string& out, const Schema& schema, ContentType content_type);
/// The same at most, in bytes.
inline constexpr std::size_t frame_bytes_max = 128;

/// Takes a prefix off the payload. Without one, or when its end cannot be told, the payload stays as it is and
/// message.damaged says why.
void take_off_prefix(projections::IncomingMessage& message);

}  // namespace annals::kafka
