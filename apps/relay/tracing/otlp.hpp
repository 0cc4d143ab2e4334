#pragma once
#include <span>
#include <string>

#include "relay/tracing/span.hpp"

namespace annals::relayd {

/// An ExportTraceServiceRequest of OpenTelemetry's protocol, in binary Protobuf: spans of this service by the conventions for
/// messaging. Each is a child of the message's own context, and linked to it.
[[nodiscard]] std::string encode_otlp(std::span<const Span> spans, const std::string& service_name);

}  // namespace annals::relayd
