// A replay of the whole log, decoded into RecordedEvent, against COPY BINARY of the same table read and thrown away.
#include <libpq-fe.h>

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
  PQclear(PQexec(connection, "COPY annals.events TO STDOUT (FORMAT binary)"));
  char* row = nullptr;
  while (PQgetCopyData(connection, &row, 0) > 0) PQfreemem(row);
  const double seconds = watch.seconds();
  PQfinish(connection);
  return static_cast<double>(events) / seconds;
}

double replay(const eventstore::EventStore& store, long long events) {
  long long seen = 0;
  std::size_t bytes = 0;
  const Stopwatch watch;
  store.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
    ++seen;
    bytes += event.data.size() + event.stream.view().size();
    return true;
  });
  if (seen != events || bytes == 0) throw Error{ErrorKind::corrupt, "the replay did not see every event"};
  return static_cast<double>(events) / watch.seconds();
}

}  // namespace

std::vector<Measurement> bench_replay(const BenchOptions& options) {
  const tests::TempDatabase temp;
  write_history(temp.superuser(), options.events, 10'000);
  const eventstore::EventStore store{temp.superuser()};
  return {measure({.name = "replay",
                   .unit = "events/s",
                   .value = [&] { return replay(store, options.events); },
                   .floor = [&] { return copy_to_nowhere(temp.superuser(), options.events); }},
                  options.rounds)};
}

}  // namespace annals::bench
