#pragma once
#include <string>

#include "annals/core/event.hpp"

namespace annals::json {

/// The event as one JSON object on one line: what `events export` writes and -o json shows (docs/cli.md, "The event
/// line"). `data` is the stored JSON text without space between its tokens; data of other content types, or that is not
/// the JSON it claims to be, is base64.
[[nodiscard]] std::string event_text(const RecordedEvent& event);

/// The data for people: JSON text, or base64 with its media type in front.
[[nodiscard]] std::string data_text(const RecordedEvent& event);

}  // namespace annals::json
