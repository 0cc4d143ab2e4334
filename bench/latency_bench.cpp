// From the commit of a row to the arrival at a consumer, through the relay, against the same consumer fed by a producer
// directly, at 100, 1,000 and 5,000 a second. "append" is the library's append; "insert" is a plain INSERT into the outbox,
// as psql or a service in another language writes it; "beside-open" the same while another transaction is held open, against none that
// is; "wal" the same read from the write-ahead log, "exactly-once" the same relayed in transactions. One thread each for relaying and consuming; as many for writing as
// the rate needs. The value is a time: lower is better, and the ratio is how many times the floor it takes.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <thread>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/eventstore/message_log.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/source.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/testing/memory_offsets.hpp"
#include "benches.hpp"
#include "history.hpp"
#include "probe_producer.hpp"
#include "support/kafka_topic.hpp"
#include "support/temp_database.hpp"

namespace annals::bench {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

/// What one connection commits a second with room to spare.
constexpr int per_writer_max = 1250;

/// The payload carries the message's number; when it was sent and when it came are kept apart.
std::string numbered(std::int64_t number) {
  std::string payload(payload_bytes, 'x');
  std::memcpy(payload.data(), &number, sizeof number);
  return payload;
}

std::size_t number_in(const std::string& payload) {
  std::int64_t number = 0;
  std::memcpy(&number, payload.data(), sizeof number);
  return static_cast<std::size_t>(number);
}

/// Notes in a thread of its own when each of `count` messages arrives.
class Consumer {
 public:
  Consumer(const std::string& topic, std::size_t count)
      : source_({.settings = {{"bootstrap.servers", tests::kafka_brokers()}},
                 .group = topic + "-bench",
                 .topics = {topic}}),
        arrivals_(count),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  void wait_for(std::size_t count) const {
    const Stopwatch watch;
    while (seen_ < count) {
      if (watch.seconds() > 30) throw Error{ErrorKind::failed, "the consumer did not see everything"};
      std::this_thread::sleep_for(milliseconds{1});
    }
  }
  /// Call once everything has been seen.
  [[nodiscard]] const std::vector<SteadyClock::time_point>& arrivals() const noexcept { return arrivals_; }

 private:
  void run(const std::stop_token& stop) {
    std::vector<projections::IncomingMessage> messages;
    while (!stop.stop_requested()) {
      source_.receive(offsets_, 1000, milliseconds{100}, messages);
      const auto now = SteadyClock::now();
      for (const auto& message : messages) arrivals_.at(number_in(message.payload)) = now;
      seen_ += messages.size();
    }
  }
  testing::MemoryOffsets offsets_;
  kafka::KafkaSource source_;
  std::vector<SteadyClock::time_point> arrivals_;
  std::atomic<std::size_t> seen_{0};
  std::jthread thread_;
};

struct Percentiles {
  double p50 = 0;
  double p99 = 0;
};

/// Sends a message; returns the moment from which its latency counts. One a writer.
using Send = std::function<SteadyClock::time_point(std::int64_t number)>;
using MakeSend = std::function<Send()>;

constexpr std::int64_t warm_up = 50;

int writers_for(int per_second) { return (per_second + per_writer_max - 1) / per_writer_max; }

Percentiles percentiles(std::vector<double> latencies) {
  std::sort(latencies.begin(), latencies.end());
  return {latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100]};
}

/// Warms both ends up, then sends `per_second` for `seconds`.
Percentiles run(const std::string& topic, int per_second, double seconds, const MakeSend& make_send) {
  const auto count = warm_up + static_cast<std::int64_t>(seconds * per_second);
  const Consumer consumer{topic, static_cast<std::size_t>(count)};
  const auto first = make_send();
  for (std::int64_t i = 0; i < warm_up; ++i) (void)first(i);
  consumer.wait_for(warm_up);
  std::vector<SteadyClock::time_point> sent(static_cast<std::size_t>(count));
  const int writers = writers_for(per_second);
  const auto start = SteadyClock::now() + milliseconds{50};
  const auto write = [&](int writer) {
    const auto send = make_send();
    for (std::int64_t i = warm_up + writer; i < count; i += writers) {
      std::this_thread::sleep_until(start + (i - warm_up) * std::chrono::microseconds{1'000'000 / per_second});
      sent[static_cast<std::size_t>(i)] = send(i);
    }
  };
  {
    std::vector<std::jthread> threads;
    threads.reserve(static_cast<std::size_t>(writers));
    for (int writer = 0; writer < writers; ++writer) threads.emplace_back(write, writer);
  }
  consumer.wait_for(static_cast<std::size_t>(count));
  std::vector<double> latencies;
  for (std::size_t i = warm_up; i < sent.size(); ++i) {
    latencies.push_back(std::chrono::duration<double, std::milli>(consumer.arrivals().at(i) - sent[i]).count());
  }
  return percentiles(std::move(latencies));
}

kafka::KafkaSinkOptions sink_options() { return {.settings = {{"bootstrap.servers", tests::kafka_brokers()}}}; }

kafka::KafkaTransactionalSinkOptions transactional_options() {
  return {.sink = sink_options(),
          .checkpoint_topic =
              tests::create_topic(tests::unique_topic("bench-checkpoints"), 1, {{"cleanup.policy", "compact"}})};
}

/// A database, a topic, and a relay that carries the one to the other in a thread of its own.
template <class Sink>
class Relayed {
 public:
  template <class Options>
  Relayed(const postgres::MessageLog& log, Options sink, outbox::ReadFrom from = outbox::ReadFrom::table)
      : topic_(tests::create_topic(tests::unique_topic("bench-latency"), 4)),
        sink_(std::move(sink)),
        relay_(temp_.superuser(), log, sink_, clock_, options(log, from)),
        thread_([this](const std::stop_token& stop) {
          while (!stop.stop_requested()) relay_.step(milliseconds{200});
        }) {}
  [[nodiscard]] const postgres::Database& database() const { return temp_.superuser(); }
  [[nodiscard]] const std::string& topic() const { return topic_; }

 private:
  [[nodiscard]] outbox::RelayOptions options(const postgres::MessageLog& log, outbox::ReadFrom from) const {
    outbox::RelayOptions options{.name = "bench", .read_from = from};
    if (!log.names_topics) options.routes = {{"*", topic_}};
    return options;
  }
  const tests::TempDatabase temp_;
  std::string topic_;
  Sink sink_;
  SystemClock clock_;
  outbox::Relay relay_;
  std::jthread thread_;
};

/// Counts from when append() returned: the event is committed.
Percentiles by_append(int per_second, double seconds) {
  const Relayed<kafka::KafkaSink> relayed{eventstore::message_log("annals"), sink_options()};
  const eventstore::EventStore store{relayed.database()};
  return run(relayed.topic(), per_second, seconds, [&]() -> Send {
    return [&](std::int64_t i) {
      (void)store.append(StreamName{fmt::format("order-{}", i % 1000)}, ExpectedVersion::any(),
                         {NewEvent{.type = "bench.v1.OrderPlaced", .data = numbered(i)}});
      return SteadyClock::now();
    };
  });
}

void insert(postgres::Connection& connection, const std::string& topic, const std::string& key, std::int64_t number) {
  connection.query_prepared("insert",
                            "INSERT INTO annals.outbox (message_id, topic, key, type, content_type, payload)"
                            " VALUES (gen_random_uuid(), $1::text, $2::text, 'bench.v1.OrderPlaced', 2, $3::bytea)",
                            postgres::Params{}.text(topic).text(key).bytea(numbered(number)));
}

/// The same for a writer that knows nothing of Annals but its table.
template <class Relayed>
Percentiles insert_into(const Relayed& relayed, int per_second, double seconds) {
  return run(relayed.topic(), per_second, seconds, [&]() -> Send {
    auto connection = std::make_shared<postgres::Connection>(relayed.database());
    return [connection, topic = relayed.topic()](std::int64_t i) {
      insert(*connection, topic, std::to_string(i % 1000), i);
      return SteadyClock::now();
    };
  });
}

Percentiles by_insert(int per_second, double seconds) {
  const Relayed<kafka::KafkaSink> relayed{outbox::message_log("annals"), sink_options()};
  return insert_into(relayed, per_second, seconds);
}

/// Beside a transaction that has written, and stays open from beginning to end.
Percentiles beside_open(int per_second, double seconds) {
  const Relayed<kafka::KafkaSink> relayed{outbox::message_log("annals"), sink_options()};
  postgres::Connection holder{relayed.database()};
  const postgres::Transaction open{holder};  // rolled back
  insert(holder, relayed.topic(), "held", 0);
  return insert_into(relayed, per_second, seconds);
}

Percentiles from_log(int per_second, double seconds) {
  const Relayed<kafka::KafkaSink> relayed{outbox::message_log("annals"), sink_options(), outbox::ReadFrom::wal};
  return insert_into(relayed, per_second, seconds);
}

/// The consumer reads committed records only.
Percentiles exactly_once(int per_second, double seconds) {
  const Relayed<kafka::KafkaTransactionalSink> relayed{outbox::message_log("annals"), transactional_options()};
  return insert_into(relayed, per_second, seconds);
}

Percentiles directly(int per_second, double seconds) {
  const auto topic = tests::create_topic(tests::unique_topic("bench-direct"), 4);
  ProbeProducer producer{tests::kafka_brokers()};  // librdkafka's are thread-safe
  return run(topic, per_second, seconds, [&]() -> Send {
    return [&](std::int64_t i) {
      const auto now = SteadyClock::now();
      producer.produce(topic, i, numbered(i));
      return now;
    };
  });
}

using Path = Percentiles (*)(int per_second, double seconds);
struct Compared {
  const char* name;
  Path path;
  Path floor = directly;
};

/// Who goes first changes from round to round: what else the machine does then hits both alike.
void measure_path(const Compared& compared, int per_second, const BenchOptions& options,
                  std::vector<Measurement>& out) {
  const auto title = fmt::format("latency/{}/at-{}", compared.name, per_second);
  if (!options.wants(title)) return;
  std::vector<double> p50s, p99s, floor_p50s, floor_p99s;
  for (int round = 0; round < options.rounds; ++round) {
    Percentiles value;
    Percentiles floor;
    if (round % 2 == 1) value = compared.path(per_second, options.seconds);
    floor = compared.floor(per_second, options.seconds);
    if (round % 2 == 0) value = compared.path(per_second, options.seconds);
    p50s.push_back(value.p50);
    p99s.push_back(value.p99);
    floor_p50s.push_back(floor.p50);
    floor_p99s.push_back(floor.p99);
  }
  out.push_back(summarise(title + "/p50", "ms", p50s, floor_p50s));
  out.push_back(summarise(title + "/p99", "ms", p99s, floor_p99s));
}

}  // namespace

std::vector<Measurement> bench_latency(const BenchOptions& options) {
  std::vector<Measurement> results;
  for (const int per_second : {100, 1000, 5000}) {
    for (const Compared& compared :
         {Compared{"append", by_append}, Compared{"insert", by_insert}, Compared{"beside-open", beside_open, by_insert},
          Compared{"wal", from_log}, Compared{"exactly-once", exactly_once}}) {
      measure_path(compared, per_second, options, results);
    }
  }
  return results;
}

}  // namespace annals::bench
