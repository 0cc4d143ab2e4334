// Appends a second, one event each, against raw INSERTs of the same row into a table that has a primary key and nothing
// else. Both send 200 bytes by a prepared statement in autocommit and get the position back; only the append keeps
// streams, versions, metadata and the doorbell.
//
// followed/N: the same appends while a relay carries them to Kafka and two projections follow, against the same appends
// with nobody following, N writers at a time.
#include <fmt/format.h>

#include <atomic>
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
#include "history.hpp"
#include "support/kafka_topic.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

void repeat(const std::function<void()>& once, const std::atomic<bool>& stop, std::atomic<long>& calls) {
  while (!stop) {
    once();
    ++calls;
  }
}

/// Runs `once` in `clients` threads for `seconds`; calls a second.
double rate(int clients, double seconds, const std::function<std::function<void()>(int client)>& make_once) {
  std::atomic<bool> stop{false};
  std::atomic<long> calls{0};
  std::vector<std::function<void()>> work;
  work.reserve(static_cast<std::size_t>(clients));
  for (int client = 0; client < clients; ++client) work.push_back(make_once(client));
  const Stopwatch watch;
  {
    std::vector<std::jthread> threads;
    threads.reserve(work.size());
    for (const auto& once : work) threads.emplace_back([&] { repeat(once, stop, calls); });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
  }
  return static_cast<double>(calls) / watch.seconds();
}

std::function<void()> raw_insert(const postgres::Database& database) {
  auto connection = std::make_shared<postgres::Connection>(database);
  return [connection, data = std::string(payload_bytes, 'x')] {
    connection->query_prepared("raw",
                               "INSERT INTO public.raw (stream_id, version, event_id, content_type, type, data)"
                               " VALUES ($1::bigint, $2::bigint, $3::uuid, $4::smallint, $5::text, $6::bytea)"
                               " RETURNING position",
                               postgres::Params{}
                                   .bigint(1)
                                   .bigint(1)
                                   .uuid(EventId::generate())
                                   .smallint(2)
                                   .text("bench.v1.OrderPlaced")
                                   .bytea(data));
  };
}

/// Each client has a hundred streams of its own and appends at exactly the version that it knows.
std::function<void()> append(const eventstore::EventStore& store, int run, int client) {
  auto versions = std::make_shared<std::vector<std::int64_t>>(100, 0);
  auto next = std::make_shared<std::size_t>(0);
  return [&store, run, client, versions, next] {
    const auto index = (*next)++ % versions->size();
    auto& version = (*versions)[index];
    const StreamName stream{fmt::format("order-{}-{}-{}", run, client, index)};
    const auto result =
        store.append(stream, ExpectedVersion::exactly(StreamVersion{version}),
                     {NewEvent{.type = "bench.v1.OrderPlaced", .data = std::string(payload_bytes, 'x')}});
    if (!std::holds_alternative<eventstore::Appended>(result)) throw Error{ErrorKind::failed, "unexpected conflict"};
    ++version;
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
      return rate(clients, options.seconds, [&](int client) { return append(store, run, client); });
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

}  // namespace

std::vector<Measurement> bench_append(const BenchOptions& options) {
  const tests::TempDatabase temp;
  const auto& database = temp.superuser();
  postgres::Connection{database}.execute(
      "CREATE TABLE public.raw (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream_id bigint NOT NULL,"
      " version bigint NOT NULL, recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(), event_id uuid NOT NULL,"
      " content_type smallint NOT NULL, type text NOT NULL, data bytea NOT NULL)");
  const eventstore::EventStore store{database, {.connections_max = 8}};
  int run = 0;
  std::vector<Measurement> results;
  for (const int clients : {1, 8}) {
    const auto name = fmt::format("append/{}-client{}", clients, clients == 1 ? "" : "s");
    if (!options.wants(name)) continue;
    results.push_back(
        measure({.name = name,
                 .unit = "appends/s",
                 .value =
                     [&] {
                       ++run;
                       return rate(clients, options.seconds, [&](int c) { return append(store, run, c); });
                     },
                 .floor = [&] { return rate(clients, options.seconds, [&](int) { return raw_insert(database); }); }},
                options.rounds));
  }
  bench_followed(options, results);
  return results;
}

}  // namespace annals::bench
