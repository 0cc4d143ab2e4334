// A backlog of outbox messages carried to Kafka, until the last is acknowledged, against the same records produced from
// memory with the same settings.
#include <fmt/format.h>

#include <string>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/outbox/relay.hpp"
#include "benches.hpp"
#include "history.hpp"
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

/// A relay with a name of its own starts from the beginning of the table.
double relay_all(const postgres::Database& database, int run, long long events) {
  kafka::KafkaSink sink{{.settings = {{"bootstrap.servers", tests::kafka_brokers()}}}};
  SystemClock clock;
  outbox::Relay relay{database, sink, clock, {.name = fmt::format("bench-{}", run)}};
  const Stopwatch watch;
  while (relay.step(std::chrono::milliseconds{100}).acknowledged < events) {
  }
  return static_cast<double>(events) / watch.seconds();
}

}  // namespace

std::vector<Measurement> bench_relay(const BenchOptions& options) {
  const tests::TempDatabase temp;
  // A topic for each side: what the other has written does not weigh on it.
  const auto relayed = tests::create_topic(tests::unique_topic("bench-relay"), 4);
  const auto produced = tests::create_topic(tests::unique_topic("bench-floor"), 4);
  write_outbox(temp.database(), relayed, options.events, 10'000);
  int run = 0;
  return {measure({.name = "relay",
                   .unit = "messages/s",
                   .value = [&] { return relay_all(temp.database(), ++run, options.events); },
                   .floor = [&] { return produce_from_memory(produced, options.events); }},
                  options.rounds)};
}

}  // namespace annals::bench
