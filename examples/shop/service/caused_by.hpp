#pragma once
#include "annals/projections/source.hpp"

namespace shop {

/// Metadata of what we do because of `message`: same correlation, same trace, the message as the cause.
[[nodiscard]] inline annals::Metadata caused_by(const annals::projections::IncomingMessage& message) {
  const auto& theirs = message.metadata;
  return {.correlation_id = theirs.correlation_id,
          .causation_id = message.id,
          .traceparent = theirs.traceparent,
          .tracestate = theirs.tracestate,
          .headers = {}};
}

}  // namespace shop
