#pragma once
#include <string>

#include "annals/postgres/message_log.hpp"

namespace annals::eventstore {

/// The events in `schema` as messages to publish: the log "events". Throws Error{invalid} unless `schema` is a plain
/// identifier.
[[nodiscard]] postgres::MessageLog message_log(const std::string& schema);

}  // namespace annals::eventstore
