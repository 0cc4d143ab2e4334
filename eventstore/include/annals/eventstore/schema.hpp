#pragma once
#include "annals/postgres/migrator.hpp"

namespace annals::eventstore {

/// The schema steps of the event store, for postgres::Migrator.
[[nodiscard]] postgres::MigrationSet schema();

}  // namespace annals::eventstore
