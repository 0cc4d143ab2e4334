#include "relay/settings/message_logs.hpp"

#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/message_log.hpp"
#include "relay/own/own_outbox.hpp"

namespace annals::relayd {

std::vector<postgres::MessageLog> message_logs(const Config& config) {
  const auto& schema = config.database.schema;
  std::vector<postgres::MessageLog> logs{outbox::message_log(schema), eventstore::message_log(schema),
                                         outbox::change_log(schema)};
  logs.reserve(logs.size() + config.own_outboxes.size());
  for (const auto& own : config.own_outboxes) logs.push_back(message_log(schema, own));
  return logs;
}

std::optional<postgres::MessageLog> find_message_log(std::string_view name, const Config& config) {
  for (auto& log : message_logs(config)) {
    if (log.name == name) return std::move(log);
  }
  return std::nullopt;
}

}  // namespace annals::relayd
