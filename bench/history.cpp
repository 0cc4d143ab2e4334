#include "history.hpp"

#include <algorithm>

#include "annals/postgres/connection.hpp"

namespace annals::bench {
namespace {

/// Messages in a transaction, as a service that is in a hurry writes them.
constexpr std::int64_t at_once = 100;

postgres::Database patient(postgres::Database database) {
  database.statement_timeout = std::chrono::milliseconds{0};
  return database;
}

}  // namespace

std::vector<NamedHistory> both_lengths(std::int64_t events) {
  const auto of = [events](std::int64_t streams, std::int64_t at_once) {
    return History{.events = events / streams * streams, .streams = streams, .at_once = at_once};
  };
  const auto long_streams = std::max<std::int64_t>(1, events / 600);
  return {{"long", of(long_streams, long_streams)}, {"short", of(events / 10, 1000)}};
}

void write_history(const postgres::Database& database, const History& history) {
  postgres::Connection connection{patient(database)};
  const auto length = history.events / history.streams;
  connection.query(
      "INSERT INTO annals.streams (name, version) SELECT 'order-' || s, $1::bigint"
      " FROM generate_series(0, $2::bigint - 1) s",
      postgres::Params{}.bigint(length).bigint(history.streams));
  connection.query(
      "INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data)"
      " SELECT s.stream_id, v, gen_random_uuid(), 2, 'bench.v1.OrderPlaced',"
      "        convert_to(rpad(md5(n || '/' || v), $3::int, md5(v || '/' || n)), 'UTF8')"
      "   FROM generate_series(0, $2::bigint - 1) n CROSS JOIN generate_series(1, $1::bigint) v"
      "   JOIN annals.streams s ON s.name = 'order-' || n"
      "  ORDER BY n / $4::bigint, v, n",
      postgres::Params{}.bigint(length).bigint(history.streams).integer(payload_bytes).bigint(history.at_once));
  connection.execute("VACUUM (ANALYZE, FREEZE) annals.events, annals.streams");
}

void write_outbox(const postgres::Database& database, const std::string& topic, std::int64_t count, std::int64_t keys) {
  postgres::Connection connection{patient(database)};
  connection.execute("SET synchronous_commit = off");
  for (std::int64_t first = 0; first < count; first += at_once) {
    connection.query(
        "INSERT INTO annals.outbox (message_id, topic, key, type, content_type, payload)"
        " SELECT gen_random_uuid(), $1::text, 'order-' || g % $3::bigint, 'bench.v1.OrderPlaced', 2,"
        "        convert_to(rpad(md5(g::text), $4::int, md5((g + 1)::text)), 'UTF8')"
        "   FROM generate_series($5::bigint, $2::bigint - 1) g",
        postgres::Params{}
            .text(topic)
            .bigint(std::min(first + at_once, count))
            .bigint(keys)
            .integer(payload_bytes)
            .bigint(first));
  }
  connection.execute("VACUUM (ANALYZE, FREEZE) annals.outbox");
}

}  // namespace annals::bench
