#pragma once
#include <string>
#include <vector>

#include "relay/own/own_outbox.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::relayd {

/// What a service's own table lacks before it can be read as an outbox, or well.
struct OwnLack {
  std::string
      about;  ///< one word for scripts: "table", "position", "index", "privileges", "expression", "wake-up", "deletion" …
  std::string detail;  ///< what is there, and what it may cost
  std::string sql;     ///< what mends it, to be run by the table's owner unless detail says by whom; empty: see remedy
  std::string remedy = {};
  bool blocks = true;  ///< messages could be lost, or nothing could be read: a relay does not begin
};

/// Looks at the table, its position and the expressions with the rights of the connection's role, which should be the relay's. Changes
/// nothing. `schema` is where the relay's own tables are, which need not be there yet.
/// Errors: those of the connection, Error{invalid} of require_valid().
[[nodiscard]] std::vector<OwnLack> find_lacks(postgres::Connection& connection, const std::string& schema,
                                              const OwnOutbox& own);

/// Throws Error{not_ready}, which names it and its remedy, for the first lack that blocks.
void require_readable(postgres::Connection& connection, const std::string& schema, const OwnOutbox& own);

}  // namespace annals::relayd
