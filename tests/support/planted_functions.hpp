#pragma once
#include "annals/postgres/database.hpp"

namespace annals::tests {

/// What a role with no right but CREATE on schema public can do to others: functions of the names that our statements
/// call, with arguments that PostgreSQL prefers to pg_catalog's (polymorphic ones lose to public.unnest(text[])), and
/// twins of the others for sessions that put public before pg_catalog. Each fails with "planted: NAME" when it is called.
void plant_functions(const postgres::Database& database);

}  // namespace annals::tests
