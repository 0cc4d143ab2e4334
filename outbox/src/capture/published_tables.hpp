#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "annals/outbox/capture.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// Of columns that a capture excludes: whether each has to be in its table as it is now.
enum class Excluded { are_there, may_be_gone };

/// Tables by their oids: schema and name as they are now.
using TableNames = std::map<std::uint32_t, std::pair<std::string, std::string>>;

/// Looks whether a publication has what captures need, before a slot is made: what is wrong then would be found out by the first
/// change, or, worse, by the service whose update PostgreSQL refuses. Returns the tables that captures name.
///
/// Errors         Error{not_ready}, with the statements that mend it, for whoever owns the tables.
[[nodiscard]] TableNames require_published(postgres::Connection& connection, const std::string& publication,
                                           const std::vector<Capture>& captures, Excluded excluded);

/// The columns of the primary key of a table, by its oid; none: it has none.
[[nodiscard]] std::vector<std::string> read_primary_key(postgres::Connection& connection, std::uint32_t table);

}  // namespace annals::outbox
