#pragma once
#include <string>
#include <string_view>

#include "annals/outbox/message.hpp"
#include "annals/projections/source.hpp"
#include "client/client.hpp"

/// CloudEvents 1.0, Kafka protocol binding, binary mode: a record's headers from a message, and back.
namespace annals::kafka {

/// Throws Error{refused} when one of the message's own headers has a name that belongs to CloudEvents or trace context.
[[nodiscard]] HeadersHandle make_headers(const outbox::MessageView& message, std::string_view source);

/// Fills what headers can tell. A header that has no member, does not parse or comes twice goes to metadata.headers.
void read_headers(const rd_kafka_headers_t& headers, projections::IncomingMessage& message);

}  // namespace annals::kafka
