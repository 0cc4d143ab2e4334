#pragma once

namespace annals::postgres {

class Connection;

/// Whether this server is a replica. Asks the server: a promotion changes the answer.
[[nodiscard]] bool in_recovery(Connection& connection);

}  // namespace annals::postgres
