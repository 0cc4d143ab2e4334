#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace annals::postgres {

class Connection;

/// The last value that `sequence` ("schema.name") has given out: 0 before the first, and after RESTART WITH n it is n - 1.
/// Nothing where this role may not ask (SELECT on the sequence). Errors: those of the connection.
[[nodiscard]] std::optional<std::int64_t> last_given_out(Connection& connection, const std::string& sequence);
/// What to do where it may not.
[[nodiscard]] std::string missing_right_remedy(const Connection& connection);

}  // namespace annals::postgres
