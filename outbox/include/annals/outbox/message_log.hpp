#pragma once
#include <string>

#include "annals/postgres/message_log.hpp"

namespace annals::outbox {

/// The log of outbox messages in `schema`: "outbox". Throws Error{invalid} unless `schema` is a plain identifier.
[[nodiscard]] postgres::MessageLog message_log(const std::string& schema);

/// The changes of tables that captures name (RelayOptions::captures), a log that is in no table but in the write-ahead log:
/// "changes". `schema` has its checkpoints, and names its publication, SCHEMA_changes. The same errors.
[[nodiscard]] postgres::MessageLog change_log(const std::string& schema);

}  // namespace annals::outbox
