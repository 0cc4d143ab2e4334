#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "annals/postgres/message_log.hpp"
#include "relay/settings/config.hpp"

namespace annals::relayd {

/// Every log that can be relayed: those of Annals' own schema, and the tables that the configuration maps.
[[nodiscard]] std::vector<postgres::MessageLog> message_logs(const Config& config);

/// The log of that name; nothing when there is none.
[[nodiscard]] std::optional<postgres::MessageLog> find_message_log(std::string_view name, const Config& config);

}  // namespace annals::relayd
