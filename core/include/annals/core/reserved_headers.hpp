#pragma once
#include <array>
#include <string_view>

#include "annals/core/metadata.hpp"

namespace annals {

/// Header names that Annals writes itself when an event or message is published, from their other columns: CloudEvents'
/// attributes, the media type, the trace context and the claim of a payload that is elsewhere. A header of one's own may not have such a name, in upper or lower
/// case: the published record would say two things. append(), import and enqueue() refuse it, and so do the tables.
inline constexpr std::string_view reserved_header_prefix = "ce_";
inline constexpr std::array<std::string_view, 4> reserved_header_names{"content-type", "traceparent", "tracestate",
                                                                       "annals-claim"};

[[nodiscard]] bool is_reserved_header(std::string_view name) noexcept;

/// The metadata without headers of reserved names: what may be appended or enqueued of metadata that came from outside. A
/// received message may carry such headers, those of another CloudEvents extension, say; the trace context that it came
/// with has members of its own and stays.
///
///     NewEvent event{.type = …, .data = …, .metadata = without_reserved(incoming.metadata)};
[[nodiscard]] Metadata without_reserved(Metadata metadata);

}  // namespace annals
