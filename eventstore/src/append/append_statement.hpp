#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "annals/core/event.hpp"
#include "annals/core/expected_version.hpp"
#include "annals/core/limits.hpp"

namespace annals::eventstore {

/// What append.sql takes.
struct AppendRequest {
  const StreamName& stream;
  ExpectedVersion expected;
  std::span<const NewEvent> events;
};

/// Throws Error{invalid} when an event or the whole breaks a limit.
void require_valid(const AppendRequest& request);
/// Throws Error{invalid} when one statement would carry more events or bytes than limits allow.
void require_bounded(std::size_t events, std::size_t bytes, std::string_view where,
                     std::size_t events_max = limits::append_events_max);

/// Which statement serves a request: each takes the stream, the expected version and the events.
enum class AppendShape {
  existing,  ///< append_one.sql: one event for a stream that must exist
  fresh,     ///< append_new.sql: one event for a stream that must not exist
  any,       ///< append.sql: whatever else
};

[[nodiscard]] inline AppendShape shape_of(const AppendRequest& request) noexcept {
  if (request.events.size() != 1 || request.expected == ExpectedVersion::any()) return AppendShape::any;
  return request.expected == ExpectedVersion::no_stream() ? AppendShape::fresh : AppendShape::existing;
}

}  // namespace annals::eventstore
