#pragma once
#include <vector>

#include "annals/postgres/migrator.hpp"

namespace annals::cli {

/// The schema steps of all modules, in the order they are applied.
[[nodiscard]] std::vector<postgres::MigrationSet> schema_sets();

}  // namespace annals::cli
