#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "annals/core/timestamp.hpp"
#include "relay/tracing/trace_context.hpp"

namespace annals::relayd {

/// One message's way through the relay to the broker, as a span.
struct Span {
  TraceContext parent;  ///< of the message
  std::string trace_state;
  std::array<std::uint8_t, 8> id{};
  std::string topic;
  std::string message_id;
  Timestamp begin;
  Timestamp end;
  std::string error = {};  ///< a word, when the message was not delivered
};

}  // namespace annals::relayd
