#pragma once
#include <cstddef>
#include <span>
#include <string_view>

#include "annals/core/event.hpp"
#include "annals/core/expected_version.hpp"

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
void require_bounded(std::size_t events, std::size_t bytes, std::string_view where);

/// One event for a stream that must exist already: append_one.sql serves it.
[[nodiscard]] inline bool is_simple(const AppendRequest& request) noexcept {
  return request.events.size() == 1 &&
         (request.expected.code() > 0 || request.expected == ExpectedVersion::stream_exists());
}

}  // namespace annals::eventstore
