#include <fmt/format.h>

#include "annals/outbox/shard_board.hpp"
#include "cli/commands/publishing/relay.hpp"
#include "cli/commands/publishing/relay_config.hpp"
#include "cli/database_choice.hpp"

namespace annals::cli {

host::ExitCode show_relay_instances(Invocation& invocation) {
  const std::vector<ReportColumn> columns{{"relay"}, {"log"},       {"instance"}, {"host"}, {"pid", Align::right},
                                          {"lives"}, {"started_at"}};
  return report_each(invocation, columns, [&](Report& report, const NamedDatabase& of) {
    auto connection = connect_ready(of.database);
    for (const auto& status : outbox::read_instances(connection, logs_of(of.database.schema, of.relay_config.get()))) {
      add_row(report, of,
              {cell(status.relay), cell(status.log), cell(status.instance.id.to_string()), cell(status.instance.host),
               cell(static_cast<std::int64_t>(status.instance.pid)), cell(status.lives),
               cell(format_timestamp(status.started_at))});
    }
  });
}

namespace {

const std::vector<ReportColumn> shard_columns{{"relay"}, {"log"}, {"shards", Align::right}, {"wanted", Align::right}};

std::vector<Cell> shard_cells(postgres::Connection& connection, const postgres::MessageLog& log,
                              const std::string& relay) {
  const auto numbers = outbox::read_shards(connection, log, relay);
  if (numbers.shards != numbers.wanted) {
    fmt::print(stderr, "a running annals-relay carries it out; `annals relay status` shows the new shards then\n");
  }
  return {cell(relay), cell(log.name), cell(static_cast<std::int64_t>(numbers.shards)),
          cell(static_cast<std::int64_t>(numbers.wanted))};
}

}  // namespace

host::ExitCode change_relay_shards(Invocation& invocation, const RelayShards& options) {
  if (options.number && invocation.databases.size() > 1) throw which_database(invocation);
  if (invocation.databases.size() > 1) {
    return report_each(invocation, shard_columns, [&](Report& report, const NamedDatabase& of) {
      auto connection = connect_ready(of.database);
      add_row(
          report, of,
          shard_cells(connection, log_named(options.log, of.database.schema, of.relay_config.get()), options.relay));
    });
  }
  const auto log = log_named(options.log, invocation);
  auto connection = connect_ready(invocation.database);
  if (options.number) outbox::want_shards(connection, log, options.relay, *options.number);
  print_object(invocation.output, invocation.format, shard_columns, shard_cells(connection, log, options.relay));
  return host::ExitCode::ok;
}

}  // namespace annals::cli
