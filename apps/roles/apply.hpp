#pragma once
#include <string>
#include <vector>

#include "annals/postgres/database.hpp"
#include "roles/assignment.hpp"
#include "roles/rights.hpp"

namespace annals::roles {

/// What apply() changed, and what it could not.
struct Outcome {
  std::vector<HeldRight> granted = {};
  std::vector<HeldRight> revoked = {};
  std::vector<std::string> blind_doctors =
      {};                                 ///< may not see other sessions yet; granting it takes more than the owner
  std::vector<HeldRight> of_others = {};  ///< rights of roles that were not named: as they were
};

/// Gives each role of the assignment exactly the rights of the matrix, in one transaction: what it had beyond is taken
/// away, and from PUBLIC everything. Again and again, and from many places at once, to the same end.
///
/// Errors   Error{invalid} for a name that is no identifier, a schema that belongs to somebody else, a role that the matrix
///          cannot hold (superuser, member of the owner or of a role that has rights of its own here); Error{not_ready}
///          when a role or the schema is missing. Nothing is changed then.
[[nodiscard]] Outcome apply(const postgres::Database& database, const Assignment& assignment);

}  // namespace annals::roles
