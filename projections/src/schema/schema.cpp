#include "annals/projections/schema.hpp"

#include "annals_projections_sql.hpp"

namespace annals::projections {

postgres::MigrationSet schema() { return {"projections", {{1, "projections", sql::m001_projections}}}; }

}  // namespace annals::projections
