#include "cli/commands/schema_sets.hpp"

#include "annals/eventstore/schema.hpp"
#include "annals/outbox/schema.hpp"
#include "annals/projections/schema.hpp"

namespace annals::cli {

std::vector<postgres::MigrationSet> schema_sets() {
  return {eventstore::schema(), outbox::schema(), projections::schema()};
}

}  // namespace annals::cli
