// A runner, or an inbox, that kills itself: for the crash tests.
//   projections_victim runner|inbox DATABASE POINT COUNT
// dies by SIGKILL when POINT is reached for the COUNT-th time; without reaching it, ends when everything is applied.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "annals/core/clock.hpp"
#include "annals/projections/runner.hpp"
#include "annals/testing/memory_source.hpp"
#include "projections/inbox/inbox_effects.hpp"
#include "totals.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;

struct KillAt {
  std::string point;
  int count;
  void operator()(std::string_view at) {
    if (at == point && --count == 0) std::raise(SIGKILL);
  }
};

void project_until_idle(const postgres::Database& database, const KillAt& kill) {
  SystemClock clock;
  Totals batch;
  const auto types = make_types();
  const auto projection = by_sets(batch);
  projections::Runner runner{
      database, projection, types, clock, {.batch_events_max = 7, .standby_poll = 5ms, .at_point = kill}};
  while (runner.step(20ms).state != projections::StepReport::State::idle) {
  }
}

/// Every life has a source with the same 60 messages, some twice; the table says from where.
void receive_all(const postgres::Database& database, const KillAt& kill) {
  testing::MemoryLog log;
  for (int i = 0; i < 60; ++i) {
    log.append(incoming(std::to_string(i), "id-" + std::to_string(i)));
    if (i % 7 == 0) log.append(incoming(std::to_string(i), "id-" + std::to_string(i)));
  }
  testing::MemorySource source{log};
  const eventstore::EventStore store{database};
  const outbox::Outbox outbox{database};
  const TypeRegistry types;
  projections::Inbox inbox{
      database, "payments", types, make_effects(store, outbox), {.batch_messages_max = 5, .at_point = kill}};
  while (inbox.step(source, 0ms).received > 0) {
  }
}

}  // namespace
}  // namespace annals::tests

int main(int argc, char** argv) {
  if (argc != 5) return EXIT_FAILURE;
  try {
    const annals::tests::KillAt kill{argv[3], std::atoi(argv[4])};
    if (std::string_view{argv[1]} == "runner") {
      annals::tests::project_until_idle({.conninfo = argv[2]}, kill);
    } else {
      annals::tests::receive_all({.conninfo = argv[2]}, kill);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
