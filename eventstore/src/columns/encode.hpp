#pragma once
#include <span>

#include "annals/core/event.hpp"
#include "annals/postgres/params.hpp"
#include "annals/postgres/pqxx_compat.hpp"

namespace annals::eventstore::columns {

/// The given columns of one event, one parameter each: binary for libpq, text for libpqxx.
void add_event(postgres::Params& params, const NewEvent& event);
void add_event(postgres::PqxxParams& params, const NewEvent& event);

/// The given columns of many events, one array each: binary for libpq, text for libpqxx.
void add_events(postgres::Params& params, std::span<const NewEvent* const> events);
void add_events(postgres::PqxxParams& params, std::span<const NewEvent* const> events);

}  // namespace annals::eventstore::columns
