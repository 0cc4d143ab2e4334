#include "annals/outbox/schema.hpp"

#include "annals_outbox_sql.hpp"

namespace annals::outbox {

postgres::MigrationSet schema() {
  return {"outbox", {{1, "outbox", sql::m001_outbox}, {2, "claims", sql::m002_claims}}};
}

}  // namespace annals::outbox
