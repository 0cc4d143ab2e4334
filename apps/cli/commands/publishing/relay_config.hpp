#pragma once
#include <string>
#include <vector>

#include "annals/postgres/message_log.hpp"
#include "cli/invocation.hpp"

namespace annals::cli {

/// Every log that there is in `schema`, with the tables that `config` maps; null: none.
[[nodiscard]] std::vector<postgres::MessageLog> logs_of(const std::string& schema, const relayd::Config* config);

/// Throws Failure{usage} for a log that there is not.
[[nodiscard]] postgres::MessageLog log_named(const std::string& name, const std::string& schema,
                                             const relayd::Config* config);
[[nodiscard]] postgres::MessageLog log_named(const std::string& name, const Invocation& invocation);

}  // namespace annals::cli
