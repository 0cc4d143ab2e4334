#pragma once
#include "annals/postgres/database.hpp"
#include "relay/settings/config.hpp"

namespace annals::relayd {

/// The sessions of this program. Statements are short, so their bound is well below limits.stall.
[[nodiscard]] inline postgres::Database database_of(const Config& config) {
  return {.conninfo = config.database.uri,
          .schema = config.database.schema,
          .application_name = "annals-relay",
          .connect_timeout = std::chrono::seconds{5},
          .statement_timeout = std::chrono::seconds{30},
          .ownership_lease = config.group.lease};
}

}  // namespace annals::relayd
