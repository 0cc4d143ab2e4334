#pragma once
#include <string>

#include "annals/postgres/message_log.hpp"

namespace annals::outbox {

/// The log of outbox messages in `schema`: "outbox". Throws Error{invalid} unless `schema` is a plain identifier.
[[nodiscard]] postgres::MessageLog message_log(const std::string& schema);

}  // namespace annals::outbox
