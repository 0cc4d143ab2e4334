#pragma once
#include <map>
#include <ostream>
#include <string>

#include "annals/postgres/migrator.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "fines/fine.hpp"

namespace fines {

/// Fines by stream name, in byte order.
using Fines = std::map<std::string, Fine>;

/// The read model's table: one row a fine.
[[nodiscard]] annals::postgres::MigrationSet table_schema();

/// Fills in the rows that exist of the fines named in `fines`: one statement, however many there are.
void load(pqxx::transaction_base& tx, Fines& fines);
/// Writes all of them: one statement.
void save(pqxx::transaction_base& tx, const Fines& fines);

/// The whole table as CSV (RFC 4180, lines end with \n), sorted by stream in byte order.
void report(pqxx::transaction_base& tx, std::ostream& out);

}  // namespace fines
