#pragma once
#include "annals/postgres/migrator.hpp"

namespace annals::projections {

/// The schema steps of projections and the inbox, for postgres::Migrator.
[[nodiscard]] postgres::MigrationSet schema();

}  // namespace annals::projections
