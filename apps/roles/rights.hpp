#pragma once
#include <compare>
#include <string>
#include <vector>

#include "annals/postgres/connection.hpp"

namespace annals::roles {

/// One right that somebody has, as the catalogs say it.
struct HeldRight {
  std::string role;    ///< "PUBLIC" for everybody
  std::string object;  ///< "annals", "annals.events", "annals.streams (version)"
  std::string right;   ///< "SELECT"

  auto operator<=>(const HeldRight&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 sees a 0 in it
};

/// What everybody but their owner may do with the schema's objects and with the views for readers, sorted.
[[nodiscard]] std::vector<HeldRight> read_rights(postgres::Connection& connection);

/// The schema of the views for readers: "annals_read".
[[nodiscard]] std::string read_schema(const std::string& schema);

}  // namespace annals::roles
