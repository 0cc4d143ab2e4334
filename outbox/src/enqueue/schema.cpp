#include "annals/outbox/schema.hpp"

#include "annals_outbox_sql.hpp"

namespace annals::outbox {

postgres::MigrationSet schema() { return {"outbox", {{1, "outbox", sql::m001_outbox}}}; }

}  // namespace annals::outbox
