#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "annals/outbox/message.hpp"
#include "annals/projections/source.hpp"

/// CloudEvents 1.0 in structured mode: a record's value is the event in CloudEvents' JSON format.
namespace annals::kafka {

inline constexpr std::string_view structured_media_type = "application/cloudevents+json";

/// Writes the event over `out`. The claim of a payload that is elsewhere becomes `dataref`, without data. A payload that says it is JSON, and is, becomes `data` digit by digit; any other data_base64.
void write_structured(std::string& out, const outbox::MessageView& message, std::string_view source);

/// By so much the event is larger than its payload, the attributes that vary left out.
[[nodiscard]] std::size_t structured_growth(const outbox::MessageView& message);

/// Takes the payload for an event in that form and fills the message from it; attributes that have no member become headers
/// ce_NAME. A payload that is none stays as it is, and message.damaged says why.
void read_structured(projections::IncomingMessage& message);

}  // namespace annals::kafka
