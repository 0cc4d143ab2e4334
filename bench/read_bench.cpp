// Streams of 1,000 events read whole and decoded, by 8 clients, against a text SELECT of five columns of the same rows,
// thrown away.
#include <fmt/format.h>
#include <libpq-fe.h>

#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "benches.hpp"
#include "clients.hpp"
#include "history.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

constexpr int clients = 8;
constexpr std::int64_t stream_events = 1000;
constexpr std::int64_t streams = 100;

/// Events a second of all clients, each reading one stream after another whole.
double read_rate(double seconds, const std::function<std::function<void(std::int64_t stream)>()>& make_read) {
  const auto calls = rate(clients, seconds, [&](int client) {
    return [read = make_read(), next = static_cast<std::int64_t>(client)]() mutable { read(next++ % streams); };
  });
  return calls * stream_events;
}

std::function<void(std::int64_t)> select_text(const postgres::Database& database) {
  const std::shared_ptr<PGconn> connection{PQconnectdb(database.conninfo.c_str()), PQfinish};
  PQclear(PQprepare(connection.get(), "read",
                    "SELECT version, event_id, type, recorded_at, data FROM annals.events"
                    " WHERE stream_id = $1::bigint AND version >= 1 ORDER BY version LIMIT 1000",
                    0, nullptr));
  return [connection](std::int64_t stream) {
    const auto id = std::to_string(stream + 1);
    const char* values[] = {id.c_str()};
    PGresult* result = PQexecPrepared(connection.get(), "read", 1, values, nullptr, nullptr, 0);
    const std::int64_t rows = PQntuples(result);
    PQclear(result);
    if (rows != stream_events) throw Error{ErrorKind::failed, "the floor did not see every event"};
  };
}

}  // namespace

std::vector<Measurement> bench_read(const BenchOptions& options) {
  const std::string name = "read/stream-1000/8";
  if (!options.wants(name)) return {};
  const tests::TempDatabase temp;
  write_history(temp.superuser(), {.events = stream_events * streams, .streams = streams});
  const eventstore::EventStore store{temp.superuser(), {.connections_max = clients}};
  const auto read_stream = [&](std::int64_t stream) {
    const auto events = store.read_stream(StreamName{fmt::format("order-{}", stream)}, {.limit = stream_events});
    if (events.size() != stream_events) throw Error{ErrorKind::failed, "the read did not see every event"};
  };
  return {measure({.name = name,
                   .unit = "events/s",
                   .value = [&] { return read_rate(options.seconds, [&] { return read_stream; }); },
                   .floor = [&] { return read_rate(options.seconds, [&] { return select_text(temp.superuser()); }); }},
                  options.rounds)};
}

}  // namespace annals::bench
