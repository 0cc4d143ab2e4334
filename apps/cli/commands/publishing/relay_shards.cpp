#include <fmt/format.h>

#include "annals/eventstore/message_log.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/shard_board.hpp"
#include "cli/commands/publishing/relay.hpp"

namespace annals::cli {

host::ExitCode show_relay_instances(Invocation& invocation) {
  auto connection = connect_ready(invocation.database);
  const auto& schema = invocation.database.schema;
  Report report{invocation.output,
                invocation.format,
                {{"relay"}, {"log"}, {"instance"}, {"host"}, {"pid", Align::right}, {"lives"}, {"started_at"}}};
  for (const auto& status :
       outbox::read_instances(connection, {outbox::message_log(schema), eventstore::message_log(schema)})) {
    report.add({cell(status.relay), cell(status.log), cell(status.instance.id.to_string()), cell(status.instance.host),
                cell(static_cast<std::int64_t>(status.instance.pid)), cell(status.lives),
                cell(format_timestamp(status.started_at))});
  }
  report.finish();
  return host::ExitCode::ok;
}

host::ExitCode change_relay_shards(Invocation& invocation, const RelayShards& options) {
  const auto log = log_named(options.log, invocation.database.schema);
  auto connection = connect_ready(invocation.database);
  if (options.number) outbox::want_shards(connection, log, options.relay, *options.number);
  const auto numbers = outbox::read_shards(connection, log, options.relay);
  print_object(invocation.output, invocation.format,
               {{"relay"}, {"log"}, {"shards", Align::right}, {"wanted", Align::right}},
               {cell(options.relay), cell(log.name), cell(static_cast<std::int64_t>(numbers.shards)),
                cell(static_cast<std::int64_t>(numbers.wanted))});
  if (numbers.shards != numbers.wanted) {
    fmt::print(stderr, "a running annals-relay carries it out; `annals relay status` shows the new shards then\n");
  }
  return host::ExitCode::ok;
}

}  // namespace annals::cli
