// A replay of the whole log by one session or two, decoded into RecordedEvent, against one COPY BINARY of the columns that a
// reader needs, in position order, thrown away. long, short: history.hpp.
#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/postgres/error.hpp"
#include "benches.hpp"
#include "history.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

double copy_to_nowhere(const postgres::Database& database, long long events) {
  PGconn* connection = PQconnectdb(database.conninfo.c_str());
  const Stopwatch watch;
  PQclear(
      PQexec(connection,
             "COPY (SELECT position, stream_id, version, recorded_at, occurred_at, event_id, content_type, type, data,"
             " correlation_id, causation_id, traceparent, tracestate, headers FROM annals.events ORDER BY position)"
             " TO STDOUT (FORMAT binary)"));
  char* row = nullptr;
  while (PQgetCopyData(connection, &row, 0) > 0) PQfreemem(row);
  const double seconds = watch.seconds();
  PQfinish(connection);
  return static_cast<double>(events) / seconds;
}

double replay(const eventstore::EventStore& store, long long events, std::size_t sessions) {
  long long seen = 0;
  std::size_t bytes = 0;
  const Stopwatch watch;
  store.read_all(GlobalPosition{},
                 [&](const RecordedEvent& event) {
                   ++seen;
                   bytes += event.data.size() + event.stream.view().size();
                   return true;
                 },
                 {.sessions = sessions});
  if (seen != events || bytes == 0) throw Error{ErrorKind::corrupt, "the replay did not see every event"};
  return static_cast<double>(events) / watch.seconds();
}

void bench_streams(const BenchOptions& options, const NamedHistory& named, std::vector<Measurement>& results) {
  const auto& history = named.history;
  const auto name = [&](std::size_t sessions) { return fmt::format("replay/sessions-{}/{}", sessions, named.name); };
  if (!options.wants(name(1)) && !options.wants(name(2))) return;
  const tests::TempDatabase temp;
  write_history(temp.superuser(), history);
  const eventstore::EventStore store{temp.superuser()};
  for (const std::size_t sessions : {1, 2}) {
    if (!options.wants(name(sessions))) continue;
    results.push_back(measure({.name = name(sessions),
                               .unit = "events/s",
                               .value = [&] { return replay(store, history.events, sessions); },
                               .floor = [&] { return copy_to_nowhere(temp.superuser(), history.events); }},
                              options.rounds));
  }
}

}  // namespace

std::vector<Measurement> bench_replay(const BenchOptions& options) {
  std::vector<Measurement> results;
  for (const auto& named : both_lengths(options.events)) bench_streams(options, named, results);
  return results;
}

}  // namespace annals::bench
