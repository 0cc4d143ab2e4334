#pragma once
#include <span>
#include <string_view>

#include "annals/core/event.hpp"
#include "annals/core/expected_version.hpp"
#include "annals/postgres/params.hpp"
#include "annals/postgres/pqxx_compat.hpp"

namespace annals::eventstore {

/// What append.sql takes.
struct AppendRequest {
  const StreamName& stream;
  ExpectedVersion expected;
  std::span<const NewEvent> events;
};

/// Throws Error{invalid} when an event or the whole breaks a limit.
void require_valid(const AppendRequest& request);

/// One event for a stream that must exist already: append_one.sql serves it.
[[nodiscard]] inline bool is_simple(const AppendRequest& request) noexcept {
  return request.events.size() == 1 &&
         (request.expected.code() > 0 || request.expected == ExpectedVersion::stream_exists());
}

/// The columns of one event, in the order of append_one.sql: binary for libpq, text for libpqxx.
void add_event(postgres::Params& params, const NewEvent& event);
void add_event(postgres::PqxxParams& params, const NewEvent& event);

/// The event columns, in the order of append.sql and append_many.sql, as arrays: binary for libpq …
void add_events(postgres::Params& params, std::span<const NewEvent* const> events);
/// … and in text form for libpqxx.
void add_events(postgres::PqxxParams& params, std::span<const NewEvent* const> events);

}  // namespace annals::eventstore
