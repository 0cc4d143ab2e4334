#pragma once
#include <string>

#include "roles/assignment.hpp"

namespace annals::roles {

/// The statements that give the roles of the assignment exactly what the matrix says, for one transaction. For an
/// administrator with BEGIN and COMMIT around them; apply() runs the same. What is not installed is passed over.
/// Throws annals::Error{invalid} for a name that is no plain identifier.
[[nodiscard]] std::string script(const Assignment& assignment, const std::string& schema);

}  // namespace annals::roles
