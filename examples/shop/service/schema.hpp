#pragma once
#include <vector>

#include "annals/postgres/migrator.hpp"

namespace shop {

/// Brings a service's database to what this build needs: event store, outbox, projections, and the service's `own`
/// tables. Says what it did.
void create_schema(const annals::postgres::Database& database, std::vector<annals::postgres::MigrationSet> own = {});

}  // namespace shop
