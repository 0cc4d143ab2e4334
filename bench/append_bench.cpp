// Appends a second against raw INSERTs of the same rows into a table that has a primary key and a unique key and nothing
// else. Both send 200 bytes an event by a prepared statement in autocommit and get the position back; only the append
// keeps streams, versions, metadata and the doorbell.
//
// existing/N: one event each to streams that are there. new/N: each to a stream of its own, as most services write.
// batch-100/N: a hundred events at once to one new stream against one INSERT of a hundred rows. N clients.
//
// followed/N: the same appends while a relay carries them to Kafka and two projections follow, against the same appends
// with nobody following, N writers at a time.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/core/type_registry.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/projections/runner.hpp"
#include "benches.hpp"
#include "clients.hpp"
#include "history.hpp"
#include "support/kafka_topic.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

constexpr const char* event_type = "bench.v1.OrderPlaced";
constexpr std::size_t batch_size = 100;
constexpr std::size_t streams_of_a_client = 100;

NewEvent new_event() { return {.type = event_type, .data = std::string(payload_bytes, 'x')}; }

/// Rows of so many streams of the client's own by turns, each at its next version.
std::function<void()> raw_insert(const postgres::Database& database, int run, int client, std::size_t streams) {
  auto connection = std::make_shared<postgres::Connection>(database);
  auto versions = std::make_shared<std::vector<std::int64_t>>(streams);
  auto next = std::make_shared<std::size_t>(0);
  return [connection, versions, next, first = (run * 1000LL + client) * 1000, data = std::string(payload_bytes, 'x')] {
    const auto stream = (*next)++ % versions->size();
    connection->query_prepared("raw",
                               "INSERT INTO public.raw (stream_id, version, event_id, content_type, type, data)"
                               " VALUES ($1::bigint, $2::bigint, $3::uuid, $4::smallint, $5::text, $6::bytea)"
                               " RETURNING position",
                               postgres::Params{}
                                   .bigint(first + static_cast<std::int64_t>(stream))
                                   .bigint(++(*versions)[stream])
                                   .uuid(EventId::generate())
                                   .smallint(2)
                                   .text(event_type)
                                   .bytea(data));
  };
}

std::function<void()> raw_batch(const postgres::Database& database, int run, int client) {
  auto connection = std::make_shared<postgres::Connection>(database);
  auto version = std::make_shared<std::int64_t>(0);
  return [connection, version, stream = run * 1000LL + client, data = std::string(payload_bytes, 'x')] {
    std::vector<EventId> ids(batch_size);
    std::generate(ids.begin(), ids.end(), [] { return EventId::generate(); });
    const std::vector<std::string_view> payloads(batch_size, data);
    connection->query_prepared(
        "raw_batch",
        "INSERT INTO public.raw (stream_id, version, event_id, content_type, type, data)"
        " SELECT $1::bigint, $2::bigint + e.ordinal, e.id, 2, $3::text, e.data"
        "   FROM unnest($4::uuid[], $5::bytea[]) WITH ORDINALITY AS e (id, data, ordinal) RETURNING position",
        postgres::Params{}.bigint(stream).bigint(*version).text(event_type).uuid_array(ids).bytea_array(payloads));
    *version += batch_size;
  };
}

void require_appended(const eventstore::AppendResult& result) {
  if (!std::holds_alternative<eventstore::Appended>(result)) throw Error{ErrorKind::failed, "unexpected conflict"};
}

/// Each client has a hundred streams of its own, which are there, and appends at exactly the version that it knows.
std::function<void()> append_existing(const eventstore::EventStore& store, int run, int client) {
  struct Stream {
    StreamName name;
    std::int64_t version;
  };
  auto streams = std::make_shared<std::vector<Stream>>();
  for (std::size_t i = 0; i < streams_of_a_client; ++i) {
    streams->push_back({StreamName{fmt::format("order-{}-{}-{}", run, client, i)}, 1});
    require_appended(store.append(streams->back().name, ExpectedVersion::no_stream(), {new_event()}));
  }
  auto next = std::make_shared<std::size_t>(0);
  return [&store, streams, next] {
    auto& stream = (*streams)[(*next)++ % streams->size()];
    require_appended(store.append(stream.name, ExpectedVersion::exactly(StreamVersion{stream.version}), {new_event()}));
    ++stream.version;
  };
}

std::function<void()> append_new(const eventstore::EventStore& store, int run, int client, std::size_t events) {
  auto next = std::make_shared<long>(0);
  return [&store, run, client, next, events] {
    const StreamName name{fmt::format("new-{}-{}-{}", run, client, ++*next)};
    const std::vector<NewEvent> all(events, new_event());
    require_appended(store.append(name, ExpectedVersion::no_stream(), all));
  };
}

/// One relay and two projections that follow the log, each in a thread of its own, from where it was left.
class Followers {
 public:
  Followers(const postgres::Database& database, const std::string& topic)
      : sink_({.settings = {{"bootstrap.servers", tests::kafka_brokers()}}}),
        relay_(database, eventstore::message_log(database.schema), sink_, clock_,
               {.name = "followers", .routes = {{"*", topic}}}) {
    for (auto& projection : projections_) projection.on_any([](const RecordedEvent&) {});
    for (const auto& projection : projections_) {
      runners_.push_back(std::make_unique<projections::Runner>(database, projection, types_, clock_));
    }
    catch_up();
    threads_.emplace_back([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) relay_.step(wait_max);
    });
    for (auto& runner : runners_) {
      threads_.emplace_back([&runner](const std::stop_token& stop) {
        while (!stop.stop_requested()) runner->step(wait_max);
      });
    }
  }

 private:
  static constexpr std::chrono::milliseconds wait_max{200};

  void catch_up() {
    while (relay_.step(wait_max).state != outbox::StepReport::State::idle) {
    }
    for (auto& runner : runners_) {
      while (runner->step(wait_max).state != projections::StepReport::State::idle) {
      }
    }
  }

  kafka::KafkaSink sink_;
  SystemClock clock_;
  TypeRegistry types_;
  outbox::Relay relay_;
  std::vector<projections::Projection> projections_{projections::Projection{"follower_a"},
                                                    projections::Projection{"follower_b"}};
  std::vector<std::unique_ptr<projections::Runner>> runners_;
  std::vector<std::jthread> threads_;
};

void bench_followed(const BenchOptions& options, std::vector<Measurement>& results) {
  const tests::TempDatabase temp;
  const auto topic = tests::create_topic(tests::unique_topic("bench-followed"), 4);
  const eventstore::EventStore store{temp.superuser(), {.connections_max = 64}};
  int run = 0;
  for (const int clients : {1, 16, 64}) {
    const auto name = fmt::format("append/followed/{}", clients);
    if (!options.wants(name)) continue;
    const auto appends = [&] {
      ++run;
      return rate(clients, options.seconds, [&](int client) { return append_existing(store, run, client); });
    };
    results.push_back(measure({.name = name,
                               .unit = "appends/s",
                               .value =
                                   [&] {
                                     const Followers followers{temp.superuser(), topic};
                                     return appends();
                                   },
                               .floor = appends},
                              options.rounds));
  }
}

/// Rows whose stream and version are unique, as an event's are.
void create_raw(const postgres::Database& database) {
  postgres::Connection{database}.execute(
      "CREATE TABLE public.raw (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream_id bigint NOT NULL,"
      " version bigint NOT NULL, recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(), event_id uuid NOT NULL,"
      " content_type smallint NOT NULL, type text NOT NULL, data bytea NOT NULL, UNIQUE (stream_id, version))");
}

}  // namespace

std::vector<Measurement> bench_append(const BenchOptions& options) {
  const tests::TempDatabase temp;
  const auto& database = temp.superuser();
  create_raw(database);
  const eventstore::EventStore store{database, {.connections_max = 8}};
  int run = 0;
  std::vector<Measurement> results;
  const auto compare = [&](const std::string& name, int clients, const MakeCall& value, const MakeCall& floor) {
    if (!options.wants(name)) return;
    const auto timed = [&, clients](const MakeCall& make_call) {
      return [&, clients] { return ++run, rate(clients, options.seconds, make_call); };
    };
    results.push_back(
        measure({.name = name, .unit = "appends/s", .value = timed(value), .floor = timed(floor)}, options.rounds));
  };
  const auto insert = [&](std::size_t streams) -> MakeCall {
    return [&, streams](int client) { return raw_insert(database, run, client, streams); };
  };
  for (const int clients : {1, 8}) {
    compare(
        fmt::format("append/existing/{}", clients), clients,
        [&](int client) { return append_existing(store, run, client); }, insert(streams_of_a_client));
    compare(
        fmt::format("append/new/{}", clients), clients, [&](int client) { return append_new(store, run, client, 1); },
        insert(1));
  }
  compare(
      "append/batch-100/8", 8, [&](int client) { return append_new(store, run, client, batch_size); },
      [&](int client) { return raw_batch(database, run, client); });
  bench_followed(options, results);
  return results;
}

}  // namespace annals::bench
