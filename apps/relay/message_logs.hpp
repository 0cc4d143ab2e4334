#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/message_log.hpp"

namespace annals::relayd {

/// Every log that can be relayed.
[[nodiscard]] inline std::vector<postgres::MessageLog> message_logs(const std::string& schema) {
  return {outbox::message_log(schema), eventstore::message_log(schema)};
}

/// The log of that name; nothing when there is none.
[[nodiscard]] inline std::optional<postgres::MessageLog> find_message_log(std::string_view name,
                                                                          const std::string& schema) {
  for (auto& log : message_logs(schema)) {
    if (log.name == name) return std::move(log);
  }
  return std::nullopt;
}

}  // namespace annals::relayd
