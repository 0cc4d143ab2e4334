#include "annals/eventstore/schema.hpp"

#include "annals_eventstore_sql.hpp"

namespace annals::eventstore {

postgres::MigrationSet schema() { return {"eventstore", {{1, "events", sql::m001_events}}}; }

}  // namespace annals::eventstore
