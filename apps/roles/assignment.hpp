#pragma once
#include <string>
#include <vector>

#include "roles/matrix.hpp"

namespace annals::roles {

/// That a role of the database is one of a kind. A role may be of several: it gets the rights of all of them.
struct Holder {
  Kind kind;
  std::string role;
};

/// Who is what in one database.
struct Assignment {
  /// The role that owns the schema, for a login that is not the owner but may SET ROLE to it. Empty: the login.
  std::string owner = {};
  std::vector<Holder> holders = {};

  /// Throws Error{invalid} unless every name is a plain identifier of a role and somebody is named.
  void require_valid() const;
  /// Every role once, in the order of their naming.
  [[nodiscard]] std::vector<std::string> roles() const;
  [[nodiscard]] std::vector<std::string> of(Kind kind) const;
};

/// The roles that people expect when they name none: annals_writer, annals_relay (of both logs), annals_projector ...
[[nodiscard]] std::vector<Holder> usual_holders();

}  // namespace annals::roles
