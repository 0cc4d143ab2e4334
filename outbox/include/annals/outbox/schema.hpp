#pragma once
#include "annals/postgres/migrator.hpp"

namespace annals::outbox {

/// The schema steps of the outbox and the relay, for postgres::Migrator.
[[nodiscard]] postgres::MigrationSet schema();

}  // namespace annals::outbox
