#include "cli/commands/publishing/relay_config.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "cli/failure.hpp"
#include "relay/settings/message_logs.hpp"

namespace annals::cli {

std::vector<postgres::MessageLog> logs_of(const std::string& schema, const relayd::Config* config) {
  relayd::Config known;
  if (config != nullptr) known.own_outboxes = config->own_outboxes;
  known.database.schema = schema;
  return relayd::message_logs(known);
}

postgres::MessageLog log_named(const std::string& name, const Invocation& invocation) {
  return log_named(name, invocation.database.schema, invocation.relay_config.get());
}

postgres::MessageLog log_named(const std::string& name, const std::string& schema, const relayd::Config* config) {
  for (auto& log : logs_of(schema, config)) {
    if (log.name == name) return std::move(log);
  }
  throw Failure{host::ExitCode::usage, fmt::format("unknown log \"{}\"", printable(name)),
                "use outbox, events or changes; a table of your own is known to the relay's file: --config relay.toml"};
}

}  // namespace annals::cli
