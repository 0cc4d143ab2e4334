#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "annals/core/limits.hpp"
#include "annals/outbox/message.hpp"
#include "annals/projections/source.hpp"
#include "client/client.hpp"

/// CloudEvents 1.0, Kafka protocol binding, binary mode: a record's headers from a message, and back.
namespace annals::kafka {

/// Throws Error{refused} when one of the message's own headers has a name that belongs to CloudEvents or trace context.
[[nodiscard]] HeadersHandle make_headers(const outbox::MessageView& message, std::string_view source);

/// Of those the ones that say what the message says of itself.
void add_attributes(rd_kafka_headers_t& headers, const outbox::MessageView& message, std::string_view source);

/// CloudEvents' attributes, content type, trace context and claim that make_headers() may write, before the message's own.
inline constexpr std::size_t attribute_headers_max = 13;
/// What make_headers() can write at most. A header costs its reader a hundred bytes, however short it is on the wire.
inline constexpr std::size_t read_headers_max = attribute_headers_max + limits::header_count_max;

/// Fills what headers can tell. A header that has no member, does not parse or comes twice goes to metadata.headers.
/// Of more than read_headers_max the rest is left out, and message.damaged says so. True: the value is not the payload, but the
/// event in structured mode.
bool read_headers(const rd_kafka_headers_t& headers, projections::IncomingMessage& message);

}  // namespace annals::kafka
