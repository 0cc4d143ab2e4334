// A relay that kills itself: annals-relay's inner loop, for the crash tests.
//   outbox_relay_victim DATABASE SINK POINT COUNT [REFUSED]
// publishes to the file SINK or, when that is "kafka:BROKERS", to Kafka;
// dies by SIGKILL when POINT is reached for the COUNT-th time; without reaching it, ends when everything is published, or
// when the message with the payload REFUSED, which the sink refuses, is all that is left to say.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>

#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/kafka/sink.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/outbox/relay.hpp"
#include "file_sink.hpp"

namespace {

using namespace std::chrono_literals;
using annals::outbox::Relay;
using annals::outbox::StepReport;

std::unique_ptr<annals::outbox::Sink> make_sink(const std::string& name, const std::string& refused) {
  const std::string kafka = "kafka:";
  if (!name.starts_with(kafka)) return std::make_unique<annals::tests::FileSink>(name, refused);
  return std::make_unique<annals::kafka::KafkaSink>(
      annals::kafka::KafkaSinkOptions{.settings = {{"bootstrap.servers", name.substr(kafka.size())}}});
}

void publish_until_idle(const std::string& conninfo, const std::string& sink_name, const std::string& point, int count,
                        const std::string& refused) {
  annals::SystemClock clock;
  const auto sink = make_sink(sink_name, refused);
  Relay relay{{.conninfo = conninfo},
              annals::outbox::message_log("annals"),
              *sink,
              clock,
              {.batch_rows_max = 7,
               .in_flight_max = 14,
               .checkpoint_interval = 0ms,
               .standby_poll = 5ms,
               .at_point = [&](std::string_view at) {
                 if (at == point && --count == 0) std::raise(SIGKILL);
               }}};
  while (relay.step(20ms).state != StepReport::State::idle) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) return EXIT_FAILURE;
  try {
    publish_until_idle(argv[1], argv[2], argv[3], std::atoi(argv[4]), argc == 6 ? argv[5] : "");
  } catch (const annals::Error& error) {
    if (error.kind() == annals::ErrorKind::refused) return EXIT_SUCCESS;  // halted, as it should
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
