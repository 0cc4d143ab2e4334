// A consumer that kills itself: for the crash tests.
//   kafka_inbox_victim DATABASE BROKERS GROUP TOPIC POINT COUNT
// dies by SIGKILL when POINT of the inbox is reached for the COUNT-th time; ends well when there is nothing more to handle.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "annals/core/type_registry.hpp"
#include "annals/kafka/source.hpp"
#include "annals/postgres/pqxx_compat.hpp"
#include "annals/projections/inbox.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;

projections::MessageHandlers handlers() {
  projections::MessageHandlers out;
  out.on_any([](const projections::IncomingMessage& message, pqxx::transaction_base& tx) {
    postgres::exec_params(tx, "INSERT INTO public.effects (topic, payload) VALUES ($1, $2)",
                          postgres::PqxxParams{}.text(message.topic).text(message.payload));
  });
  return out;
}

void consume(const char* const* arguments) {
  const std::string point{arguments[5]};
  int left = std::atoi(arguments[6]);
  const TypeRegistry types;
  // A static member: it gets its partitions back at once, without waiting for its dead predecessor to time out.
  kafka::KafkaSource source{{.settings = {{"bootstrap.servers", arguments[2]}, {"group.instance.id", "victim"}},
                             .group = arguments[3],
                             .topics = {arguments[4]}}};
  projections::Inbox inbox{{.conninfo = arguments[1]},
                           "billing",
                           types,
                           handlers(),
                           {.batch_messages_max = 10, .at_point = [&](std::string_view at) {
                              if (at == point && --left == 0) std::raise(SIGKILL);
                            }}};
  bool begun = false;
  for (auto silent_since = std::chrono::steady_clock::now();;) {
    const auto report = inbox.step(source, 100ms);
    begun = begun || report.received > 0;
    if (report.received > 0) silent_since = std::chrono::steady_clock::now();
    if (std::chrono::steady_clock::now() - silent_since > (begun ? 1s : 20s)) return;
  }
}

}  // namespace
}  // namespace annals::tests

int main(int argc, char** argv) {
  if (argc != 7) return EXIT_FAILURE;
  try {
    annals::tests::consume(argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
