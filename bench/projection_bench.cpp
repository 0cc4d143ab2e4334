// A read model rebuilt from nothing (events counted and summed by stream, written as a set a batch) against reading the
// same events and doing nothing with them.
#include <fmt/format.h>

#include <map>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/core/type_registry.hpp"
#include "annals/eventstore/event_tail.hpp"
#include "annals/postgres/array_literal.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/projections/projection.hpp"
#include "annals/projections/runner.hpp"
#include "benches.hpp"
#include "history.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

double replay_alone(const postgres::Database& database, long long events) {
  eventstore::EventTail tail{database};
  GlobalPosition position;
  long long seen = 0;
  const Stopwatch watch;
  while (true) {
    const auto batch = tail.read(position, 20'000);
    if (batch.empty()) break;
    for (const auto& event : batch) {
      position = event.position;
      ++seen;
    }
  }
  if (seen != events) throw Error{ErrorKind::corrupt, "the replay did not see every event"};
  return static_cast<double>(events) / watch.seconds();
}

/// Counts events and bytes of each stream.
class Totals {
 public:
  explicit Totals(int run) : projection_(fmt::format("totals_{}", run)), table_(fmt::format("public.totals_{}", run)) {
    projection_.setup([this](pqxx::transaction_base& tx) {
      tx.exec("CREATE TABLE IF NOT EXISTS " + table_ +
              " (stream text COLLATE \"C\" PRIMARY KEY, events bigint NOT NULL, bytes bigint NOT NULL)");
    });
    projection_.begin([this] { totals_.clear(); });
    projection_.on_type("bench.v1.OrderPlaced", [this](const RecordedEvent& event) {
      auto& [events, bytes] = totals_[event.stream.str()];
      ++events;
      bytes += static_cast<long long>(event.data.size());
    });
    projection_.flush([this](pqxx::transaction_base& tx) { write(tx); });
  }
  [[nodiscard]] const projections::Projection& projection() const noexcept { return projection_; }

 private:
  void write(pqxx::transaction_base& tx) const {
    postgres::ArrayLiteral streams;
    postgres::ArrayLiteral events;
    postgres::ArrayLiteral bytes;
    for (const auto& [stream, total] : totals_) {
      streams.add(stream);
      events.add(std::to_string(total.first));
      bytes.add(std::to_string(total.second));
    }
    postgres::exec_params(tx,
                          "INSERT INTO " + table_ +
                              " AS t SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[])"
                              " ON CONFLICT (stream) DO UPDATE SET events = t.events + excluded.events,"
                              " bytes = t.bytes + excluded.bytes",
                          postgres::PqxxParams{}
                              .text(std::move(streams).finish())
                              .text(std::move(events).finish())
                              .text(std::move(bytes).finish()));
  }
  projections::Projection projection_;
  std::string table_;
  std::map<std::string, std::pair<long long, long long>> totals_;
};

double rebuild(const postgres::Database& database, int run, long long events) {
  const Totals totals{run};
  const TypeRegistry types;
  SystemClock clock;
  projections::Runner runner{database, totals.projection(), types, clock, {.batch_events_max = 20'000}};
  const Stopwatch watch;
  while (!runner.caught_up_to(GlobalPosition{events})) (void)runner.step(std::chrono::milliseconds{100});
  return static_cast<double>(events) / watch.seconds();
}

}  // namespace

std::vector<Measurement> bench_projection(const BenchOptions& options) {
  const tests::TempDatabase temp;
  write_history(temp.superuser(), {.events = options.events, .streams = 10'000});
  int run = 0;
  return {measure({.name = "projection",
                   .unit = "events/s",
                   .value = [&] { return rebuild(temp.superuser(), ++run, options.events); },
                   .floor = [&] { return replay_alone(temp.superuser(), options.events); }},
                  options.rounds)};
}

}  // namespace annals::bench
