#include "cli/commands/stream.hpp"

#include <fmt/format.h>

#include "annals/core/quote.hpp"
#include "annals/core/text.hpp"
#include "annals/eventstore/event_store.hpp"
#include "cli/failure.hpp"
#include "cli/screen/event_report.hpp"
#include "host/text/offered_command.hpp"

namespace annals::cli {
namespace {

eventstore::ReadStreamOptions read_options(const StreamShow& options) {
  eventstore::ReadStreamOptions read{
      .direction = options.backward ? eventstore::Direction::backward : eventstore::Direction::forward,
      .limit = options.limit};
  if (options.from) read.from = StreamVersion{*options.from};
  return read;
}

/// What to type to see the rest, when there is one.
void print_more(const Invocation& invocation, const StreamShow& options, const std::vector<RecordedEvent>& events,
                StreamVersion head) {
  if (events.empty()) return;
  const auto last = events.back().version;
  if (last == (options.backward ? StreamVersion{1} : head)) return;
  const auto command =
      fmt::format("annals stream show{} {}--from {} --limit {} -- {}",
                  postgres::schema_option(invocation.database.schema), options.backward ? "--backward " : "",
                  last.value() + (options.backward ? -1 : 1), options.limit, quote_shell(options.name));
  fmt::print(stderr, "more: {}\n", host::with_options(command, invocation.command_options));
}

}  // namespace

host::ExitCode show_stream(Invocation& invocation, const StreamShow& options) {
  const StreamName name{options.name};
  (void)connect_ready(invocation.database);
  const eventstore::EventStore store{invocation.database};
  const auto head = store.head(name);
  if (!head) {
    throw no_such_stream(options.name);
  }
  const auto events = store.read_stream(name, read_options(options));
  EventReport report{invocation.output, invocation.format, EventReport::Columns::of_stream};
  for (const auto& event : events) report.add(event);
  report.finish();
  print_more(invocation, options, events, *head);
  return host::ExitCode::ok;
}

host::ExitCode list_streams(Invocation& invocation, const StreamList& options) {
  (void)connect_ready(invocation.database);
  const eventstore::EventStore store{invocation.database};
  auto streams = store.list_streams(options.prefix, options.after, options.limit + 1);
  const bool more = streams.size() > options.limit;
  if (more) streams.pop_back();
  Report report{invocation.output, invocation.format, {{"stream"}, {"version", Align::right}, {"created_at"}}};
  for (const auto& stream : streams) {
    report.add({cell(stream.name.view()), cell(stream.version.value()), cell(format_timestamp(stream.created_at))});
  }
  report.finish();
  if (more) fmt::print(stderr, "more: repeat with --after={}\n", quote_shell(streams.back().name.view()));
  return host::ExitCode::ok;
}

}  // namespace annals::cli
