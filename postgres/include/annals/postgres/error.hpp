#pragma once
#include <exception>
#include <string_view>

#include "annals/core/error.hpp"

struct pg_conn;
struct pg_result;

namespace annals::postgres {

/// The annals::Error for a SQLSTATE: retryable for 40001 and 40P01, disconnected for 08xxx and 57P01-57P03, overloaded for
/// 53xxx and lock timeouts; with a hint for what operators meet (missing schema, missing privilege, wrong version).
[[nodiscard]] Error error_from_sqlstate(std::string_view sqlstate, std::string_view what, std::string_view message);
/// Whether PostgreSQL gave a transaction up for another one's sake, by serialization failure or deadlock: made again, it may
/// succeed.
[[nodiscard]] bool is_overtaken(const Error& error) noexcept;
/// `what` names the operation: "append to stream …".
[[nodiscard]] Error error_from_result(const pg_result* result, std::string_view what);
[[nodiscard]] Error error_from_connection(const pg_conn* connection, std::string_view what);

/// Error{corrupt}: what is stored is not what a table of Annals can hold. `where` names table or column and row.
[[nodiscard]] Error corrupt_data(std::string_view where, std::string_view what);

/// Call in a catch block: rethrows the current pqxx exception as annals::Error; other exceptions unchanged.
[[noreturn]] void rethrow_pqxx(std::string_view what);

}  // namespace annals::postgres
