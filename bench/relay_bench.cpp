// A backlog of outbox messages, and one of events, carried to Kafka until the last is acknowledged, against the same records produced
// from memory with the same settings; and how much memory each took in the same rounds.
//
//   defaults        with the relay's own settings, as annals-relay has them; the others are tuned
//   exactly-once    the backlog of messages in transactions, against the same relay without
//   sharded-4       by four shards in one process, against one relay
//   wal             from the write-ahead log
//   wal-walsender   the same against what one walsender sends to somebody who throws it away
//   wal-decoded     what the relay's way of mining gives to somebody who throws it away, against that
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/replication/replication_stream.hpp"
#include "annals/postgres/replication/slot_miner.hpp"
#include "benches.hpp"
#include "history.hpp"
#include "peak_memory.hpp"
#include "probe_producer.hpp"
#include "support/kafka_topic.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

double produce_from_memory(const std::string& topic, long long events) {
  ProbeProducer producer{tests::kafka_brokers()};
  const std::string payload(payload_bytes, 'x');
  const Stopwatch watch;
  for (long long i = 0; i < events; ++i) producer.produce(topic, i, payload);
  producer.flush();
  return static_cast<double>(events) / watch.seconds();
}

kafka::KafkaSinkOptions sink_options() { return {.settings = {{"bootstrap.servers", tests::kafka_brokers()}}}; }

/// For throughput, and what the floor has: more in flight than by default, in larger batches.
outbox::RelayOptions tuned(outbox::RelayOptions options = {}) {
  options.batch_rows_max = 20'000;
  options.batch_bytes_max = 4U << 20U;
  options.in_flight_max = 100'000;
  return options;
}

struct Backlog {
  const postgres::Database& database;
  postgres::MessageLog log;
  outbox::RelayOptions options;
  long long events;
};

/// A relay with a name of its own starts from the beginning of the table.
template <class Sink>
double relay_all(Sink& sink, const Backlog& backlog, int run) {
  SystemClock clock;
  auto options = backlog.options;
  options.name = fmt::format("bench-{}", run);
  options.start = outbox::Start{};
  outbox::Relay relay{backlog.database, backlog.log, sink, clock, options};
  const Stopwatch watch;
  const bool transactional = std::is_base_of_v<outbox::TransactionalSink, Sink>;
  outbox::StepReport report;
  do {
    report = relay.step(std::chrono::milliseconds{100});
  } while ((transactional ? report.checkpoint : report.acknowledged) < backlog.events);
  return static_cast<double>(backlog.events) / watch.seconds();
}

/// Reads the write-ahead log. Its slot is there before the messages are: each round writes a backlog of its own, which is not counted,
/// and carries it.
class Miner {
 public:
  Miner(const postgres::Database& database, std::string topic, long long events)
      : database_(database), topic_(std::move(topic)), events_(events) {
    (void)carry(0);
  }

  double round() {
    write_outbox(database_, topic_, events_, 10'000);
    return static_cast<double>(events_) / carry(events_);
  }

 private:
  /// The seconds until so many are delivered. Then all is recorded, and the slot moved over it, as it is when a relay goes on.
  double carry(long long events) {
    kafka::KafkaSink sink{sink_options()};
    auto options = tuned();
    options.name = "bench-wal";
    options.read_from = outbox::ReadFrom::wal;
    outbox::Relay relay{database_, outbox::message_log("annals"), sink, clock_, options};
    const Stopwatch watch;
    double seconds = 0;
    long long delivered = 0;
    outbox::StepReport report;
    do {
      report = relay.step(std::chrono::milliseconds{100});
      delivered += static_cast<long long>(report.delivered);
      if (seconds == 0 && delivered >= events) seconds = watch.seconds();
    } while (delivered < events || report.state != outbox::StepReport::State::idle);
    (void)relay.drain(std::chrono::seconds{10});
    return seconds;
  }

  const postgres::Database& database_;
  std::string topic_;
  long long events_;
  SystemClock clock_;
};

/// What a slot has of the same backlog, given to somebody who throws it away.
class Decoding {
 public:
  enum class By { walsender, miner };

  Decoding(const postgres::Database& database, long long events, By by)
      : database_(database),
        connection_(database),
        events_(events),
        by_(by),
        slot_(by == By::miner ? "bench_miner" : "bench_walsender") {
    connection_.execute("CREATE PUBLICATION bench FOR TABLE annals.outbox");
    (void)connection_.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')",
                            postgres::Params{}.text(slot_));
  }

  double round() {
    const auto begin = postgres::log_written(connection_);
    write_outbox(database_, "nowhere", events_, 10'000);
    const auto end = postgres::log_written(connection_);
    const Stopwatch watch;
    const auto from = feed(begin);
    read(*from, end);
    const auto seconds = watch.seconds();
    from->confirm(end);
    from->keep_alive();
    // A miner confirms with its next batch.
    if (by_ == By::miner) {
      (void)connection_.query("SELECT pg_replication_slot_advance($1, $2::text::pg_lsn)",
                              postgres::Params{}.text(slot_).text(to_string(end)));
    }
    return static_cast<double>(events_) / seconds;
  }

 private:
  [[nodiscard]] std::unique_ptr<postgres::ChangeFeed> feed(postgres::Lsn begin) const {
    if (by_ == By::walsender) {
      return std::make_unique<postgres::ReplicationStream>(
          database_, postgres::ReplicationStream::Options{.slot = slot_, .publication = "bench", .start = {}});
    }
    return std::make_unique<postgres::SlotMiner>(
        database_, postgres::SlotMiner::Options{
                       .slot = slot_, .publication = "bench", .start = begin, .confirmed = begin, .worth_bytes = 1});
  }
  static void read(postgres::ChangeFeed& feed, postgres::Lsn end) {
    while (feed.passed() < end) {
      while (feed.next()) {
      }
      feed.keep_alive();
      (void)feed.wait(std::chrono::milliseconds{10});
    }
  }

  const postgres::Database& database_;
  postgres::Connection connection_;
  long long events_;
  By by_;
  std::string slot_;
};

/// The shards of one relay, each on a thread of its own, as annals-relay has them.
double relay_all_sharded(const Backlog& backlog, std::size_t shards, int run) {
  std::vector<std::jthread> threads;
  threads.reserve(shards);
  const Stopwatch watch;
  for (std::size_t index = 1; index <= shards; ++index) {
    threads.emplace_back([&, index] {
      SystemClock clock;
      kafka::KafkaSink sink{sink_options()};
      auto options = backlog.options;
      options.name = fmt::format("bench-{}", run);
      options.start = outbox::Start{};
      options.shard = {.index = index, .count = shards};
      options.in_flight_max /= shards;
      outbox::Relay relay{backlog.database, backlog.log, sink, clock, options};
      while (relay.step(std::chrono::milliseconds{100}).state != outbox::StepReport::State::idle) {
      }
    });
  }
  threads.clear();
  return static_cast<double>(backlog.events) / watch.seconds();
}

/// Against one relay that carries the same; `run` counts them.
Measurement bench_shards(const Backlog& backlog, int rounds, int& run) {
  return measure({.name = "relay/sharded-4",
                  .unit = "messages/s",
                  .value = [&] { return relay_all_sharded(backlog, 4, ++run); },
                  .floor =
                      [&] {
                        kafka::KafkaSink sink{sink_options()};
                        return relay_all(sink, backlog, ++run);
                      }},
                 rounds);
}

/// `work`, which adds the peak of memory of each of its rounds to `peaks`.
std::function<double()> noting_memory(std::function<double()> work, std::vector<double>& peaks) {
  return [work = std::move(work), &peaks] {
    const PeakMemory memory;
    const auto value = work();
    peaks.push_back(memory.megabytes());
    return value;
  };
}

std::string make_topic(const char* name) { return tests::create_topic(tests::unique_topic(name), 4); }

void bench_wal(const BenchOptions& options, const std::string& produced, std::vector<Measurement>& results) {
  const auto against = [&](const char* name, const std::function<double()>& floor) {
    if (!options.wants(name)) return;
    const tests::TempDatabase own;
    Miner miner{own.superuser(), make_topic("bench-wal"), options.events};
    results.push_back(measure(
        {.name = name, .unit = "messages/s", .value = [&] { return miner.round(); }, .floor = floor}, options.rounds));
  };
  against("relay/wal", [&] { return produce_from_memory(produced, options.events); });
  if (!options.wants("relay/wal-walsender") && !options.wants("relay/wal-decoded")) return;
  const tests::TempDatabase own;
  Decoding walsender{own.superuser(), options.events, Decoding::By::walsender};
  against("relay/wal-walsender", [&] { return walsender.round(); });
  if (!options.wants("relay/wal-decoded")) return;
  const tests::TempDatabase mined;
  Decoding miner{mined.superuser(), options.events, Decoding::By::miner};
  results.push_back(measure({.name = "relay/wal-decoded",
                             .unit = "messages/s",
                             .value = [&] { return miner.round(); },
                             .floor = [&] { return walsender.round(); }},
                            options.rounds));
}

}  // namespace

std::vector<Measurement> bench_relay(const BenchOptions& options) {
  const tests::TempDatabase temp;
  // A topic for each: what another has written does not weigh on it.
  const auto messages = make_topic("bench-outbox");
  const auto events = make_topic("bench-events");
  const auto produced = make_topic("bench-floor");
  write_outbox(temp.superuser(), messages, options.events, 10'000);
  write_history(temp.superuser(), {.events = options.events, .streams = 10'000});
  std::vector<Measurement> results;
  int run = 0;
  const auto measured = [&](const std::string& name, const postgres::MessageLog& log,
                            const outbox::RelayOptions& source) {
    if (!options.wants(name)) return;
    std::vector<double> peaks, floor_peaks;
    results.push_back(
        measure({.name = name,
                 .unit = "messages/s",
                 .value = noting_memory(
                     [&] {
                       kafka::KafkaSink sink{sink_options()};
                       return relay_all(sink, {temp.superuser(), log, source, options.events}, ++run);
                     },
                     peaks),
                 .floor = noting_memory([&] { return produce_from_memory(produced, options.events); }, floor_peaks)},
                options.rounds));
    peaks.erase(peaks.begin());  // of the round that is not counted
    floor_peaks.erase(floor_peaks.begin());
    results.push_back(summarise(name + "/memory", "MB", std::move(peaks), std::move(floor_peaks)));
  };
  const outbox::RelayOptions to_events{.routes = {{"*", events}}};
  measured("relay/outbox", outbox::message_log("annals"), tuned());
  measured("relay/events", eventstore::message_log("annals"), tuned(to_events));
  measured("relay/defaults/outbox", outbox::message_log("annals"), {});
  measured("relay/defaults/events", eventstore::message_log("annals"), to_events);
  bench_wal(options, produced, results);
  if (options.wants("relay/sharded-4")) {
    results.push_back(
        bench_shards({temp.superuser(), outbox::message_log("annals"), tuned(), options.events}, options.rounds, run));
  }
  if (options.wants("relay/exactly-once")) {
    const Backlog backlog{temp.superuser(), outbox::message_log("annals"), tuned(), options.events};
    const kafka::KafkaTransactionalSinkOptions in_transactions{
        .sink = sink_options(),
        .checkpoint_topic =
            tests::create_topic(tests::unique_topic("bench-checkpoints"), 1, {{"cleanup.policy", "compact"}})};
    results.push_back(measure({.name = "relay/exactly-once",
                               .unit = "messages/s",
                               .value =
                                   [&] {
                                     kafka::KafkaTransactionalSink sink{in_transactions};
                                     return relay_all(sink, backlog, ++run);
                                   },
                               .floor =
                                   [&] {
                                     kafka::KafkaSink sink{sink_options()};
                                     return relay_all(sink, backlog, ++run);
                                   }},
                              options.rounds));
  }
  return results;
}

}  // namespace annals::bench
