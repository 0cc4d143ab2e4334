#pragma once
#include <string>
#include <string_view>

#include "annals/postgres/message_log.hpp"

namespace annals::outbox {

/// Fills {schema}, {relation} and {id} for a log.
[[nodiscard]] std::string render_for(std::string_view sql, const postgres::MessageLog& log);
/// Name of the lock that a relay owns while it publishes.
[[nodiscard]] std::string lock_name_of(const postgres::MessageLog& log, std::string_view relay);

}  // namespace annals::outbox
