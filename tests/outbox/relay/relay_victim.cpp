// A relay that kills itself: annals-relay's inner loop, for the crash tests.
//   outbox_relay_victim DATABASE SINK POINT COUNT [REFUSED [park]]
// publishes to the file SINK or, when that is "kafka:BROKERS", to Kafka, or, when it is "transactions:TOPIC:BROKERS", exactly
// once, with the checkpoints in TOPIC; "wal+" before any of these: from the write-ahead log; "mine+": the same, and what is there at its
// start in batches; "own+": of a service's own table; "changes=TOPIC+": as the changes of a table, which is the outbox here, and none to the
// relay;
// dies by SIGKILL when POINT is reached for the COUNT-th time ("committing": at any moment of the commit); without reaching it, ends when everything is published, or
// when the message with the payload REFUSED, which the sink to a file refuses, is all that is left to say; with "park" it sets aside
// what is refused.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <random>
#include <string>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/kafka/transactional_sink.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "file_sink.hpp"
#include "support/own_table.hpp"

namespace {

using namespace std::chrono_literals;
using annals::outbox::Relay;
using annals::outbox::StepReport;

annals::kafka::KafkaSinkOptions kafka_options(const std::string& brokers) {
  return {.settings = {{"bootstrap.servers", brokers}}, .topic_wait_max = 300ms};
}

/// Up to three milliseconds from now, which is about what a commit takes.
void die_soon() {
  const auto parent = ::getpid();
  if (::fork() != 0) return;
  std::random_device random;
  ::usleep(random() % 3'000);
  ::kill(parent, SIGKILL);
  ::_exit(0);
}

annals::outbox::RelayOptions dying_at(std::string point, int count) {
  const bool soon = point == "committing";
  if (soon) point = "checkpoint";
  return {.batch_rows_max = 7,
          .in_flight_max = 14,
          .checkpoint_interval = 0ms,
          .standby_poll = 5ms,
          .at_point = [point, soon, count](std::string_view at) mutable {
            if (at != point || --count != 0) return;
            if (soon) return die_soon();
            std::raise(SIGKILL);
          }};
}

void publish_until_idle(Relay relay) {
  while (relay.step(20ms).state != StepReport::State::idle) {
  }
}

struct Work {
  std::string conninfo;
  std::string sink;
  annals::outbox::RelayOptions options;
  std::string refused;
};

/// Of "changes=TOPIC+SINK", which is "changes+SINK" then.
std::string take_topic(std::string& sink) {
  const std::string changes = "changes=";
  if (!sink.starts_with(changes)) return "";
  const auto end = sink.find('+');
  auto topic = sink.substr(changes.size(), end - changes.size());
  sink.replace(0, end, "changes");
  return topic;
}

void publish(Work work) {
  using annals::outbox::ReadFrom;
  const bool own = work.sink.starts_with("own+");
  const std::pair<std::string, ReadFrom> ways[] = {{"table+", ReadFrom::table}, {"own+", ReadFrom::table},
                                                   {"wal+", ReadFrom::wal},     {"mine+", ReadFrom::wal},
                                                   {"changes+", ReadFrom::wal}, {"automatic+", ReadFrom::automatic}};
  const auto mine = work.sink.starts_with("mine+");
  const auto topic = take_topic(work.sink);
  const auto changes = !topic.empty();
  for (const auto& [way, from] : ways) {
    if (!work.sink.starts_with(way)) continue;
    work.sink.erase(0, way.size());
    work.options.read_from = from;
    break;
  }
  work.options.log_retry = 20ms;
  if (mine) {
    work.options.mine_from_bytes = 1;
    work.options.mine_batch_bytes = 16U << 10U;
  }
  const std::string kafka = "kafka:";
  const std::string transactions = "transactions:";
  const annals::postgres::Database database{.conninfo = work.conninfo};
  const auto log = own       ? annals::relayd::message_log("annals", annals::tests::own_outbox())
                   : changes ? annals::outbox::change_log("annals")
                             : annals::outbox::message_log("annals");
  if (changes) {
    // What the writers call a topic is a column like any other.
    work.options.captures = {{.table = "annals.outbox",
                              .topic = topic,
                              .key = {"key"},
                              .operations = {.updates = false, .deletes = false, .truncates = false},
                              .include = {"payload"}}};
  }
  annals::SystemClock clock;
  if (work.sink.starts_with(transactions)) {
    const auto brokers_at = work.sink.find(':', transactions.size());
    annals::kafka::KafkaTransactionalSink sink{
        {.sink = kafka_options(work.sink.substr(brokers_at + 1)),
         .checkpoint_topic = work.sink.substr(transactions.size(), brokers_at - transactions.size())}};
    publish_until_idle(Relay{database, log, sink, clock, work.options});
  } else if (work.sink.starts_with(kafka)) {
    annals::kafka::KafkaSink sink{kafka_options(work.sink.substr(kafka.size()))};
    publish_until_idle(Relay{database, log, sink, clock, work.options});
  } else {
    annals::tests::FileSink sink{work.sink, work.refused};
    publish_until_idle(Relay{database, log, sink, clock, work.options});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc > 7) return EXIT_FAILURE;
  try {
    auto options = dying_at(argv[3], std::atoi(argv[4]));
    if (argc == 7) options.on_poison = {{.topics = "*", .policy = annals::outbox::PoisonPolicy::park}};
    publish({.conninfo = argv[1], .sink = argv[2], .options = options, .refused = argc >= 6 ? argv[5] : ""});
  } catch (const annals::Error& error) {
    if (error.kind() == annals::ErrorKind::refused) return EXIT_SUCCESS;  // halted, as it should
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
