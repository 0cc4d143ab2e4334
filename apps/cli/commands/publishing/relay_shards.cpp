#include <fmt/format.h>

#include "annals/outbox/shard_board.hpp"
#include "cli/commands/publishing/relay.hpp"
#include "cli/commands/publishing/relay_config.hpp"
#include "cli/database_choice.hpp"
#include "host/text/offered_command.hpp"

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

/// Says that a change is still to be carried out.
void say_wanted(const outbox::ShardNumbers& numbers, std::string_view command_options) {
  if (numbers.shards == numbers.wanted) return;
  constexpr auto what = "a running annals-relay carries it out; `annals relay status` shows the new shards then";
  fmt::print(stderr, "{}\n", host::with_options(what, command_options));
}

/// Of one database.
std::vector<Cell> shard_cells(const NamedDatabase& of, const RelayShards& options) {
  const auto log = log_named(options.log, of.database.schema, of.relay_config.get());
  auto connection = connect_ready(of.database);
  if (options.number) outbox::want_shards(connection, log, options.relay, *options.number);
  const auto numbers = outbox::read_shards(connection, log, options.relay);
  say_wanted(numbers, of.command_options);
  return {cell(options.relay), cell(log.name), cell(static_cast<std::int64_t>(numbers.shards)),
          cell(static_cast<std::int64_t>(numbers.wanted))};
}

}  // namespace

host::ExitCode change_relay_shards(Invocation& invocation, const RelayShards& options) {
  if (invocation.databases.size() == 1) {
    print_object(invocation.output, invocation.format, shard_columns,
                 shard_cells(invocation.databases.front(), options));
    return host::ExitCode::ok;
  }
  if (options.number) throw which_database(invocation);
  return report_each(invocation, shard_columns,
                     [&](Report& report, const NamedDatabase& of) { add_row(report, of, shard_cells(of, options)); });
}

}  // namespace annals::cli
