// A runner, or an inbox, that kills itself: for the crash tests.
//   projections_victim runner|inbox|inbox-apart|inbox-late|inbox-nameless DATABASE POINT COUNT
// dies by SIGKILL when POINT is reached for the COUNT-th time; without reaching it, ends when everything is applied.
//
// Three inboxes lack a protection each, for the crash test must see that: one's effects are in a transaction of their own,
// one's come after the commit, one is given no ids.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

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
testing::MemoryLog all_messages(bool named) {
  testing::MemoryLog log;
  for (int i = 0; i < 60; ++i) {
    const auto id = named ? "id-" + std::to_string(i) : std::string{};
    log.append(incoming(std::to_string(i), id));
    if (i % 7 == 0) log.append(incoming(std::to_string(i), id));
  }
  return log;
}

class Consumer {
 public:
  Consumer(postgres::Database database, std::string manner, KillAt kill)
      : manner_(std::move(manner)), kill_(std::move(kill)), database_(std::move(database)) {}

  void receive_all() {
    auto log = all_messages(manner_ != "inbox-nameless");
    testing::MemorySource source{log};
    projections::Inbox inbox{
        database_, "payments", types_, handlers(), {.batch_messages_max = 5, .at_point = [this](std::string_view at) {
                                                      reach(at);
                                                    }}};
    while (inbox.step(source, 0ms).received > 0) {
    }
  }

 private:
  projections::MessageHandlers handlers() {
    if (manner_ == "inbox" || manner_ == "inbox-nameless") return make_effects(store_, outbox_);
    projections::MessageHandlers handlers;
    handlers.on_any([this](const projections::IncomingMessage& message) {
      late_.push_back(message.payload);
      if (manner_ == "inbox-apart") take_effects_apart();
    });
    return handlers;
  }
  void take_effects_apart() {
    pqxx::work tx{*session_};
    for (const auto& payload : late_) take_effect(store_, outbox_, payload, tx);
    tx.commit();
    late_.clear();
  }
  void reach(std::string_view point) {
    if (point == "done") take_effects_apart();
    kill_(point);
  }

  std::string manner_;
  KillAt kill_;
  postgres::Database database_;
  eventstore::EventStore store_{database_};
  outbox::Outbox outbox_{database_};
  TypeRegistry types_;
  std::unique_ptr<pqxx::connection> session_ = postgres::open_pqxx(database_);
  std::vector<std::string> late_;
};

}  // namespace
}  // namespace annals::tests

int main(int argc, char** argv) {
  if (argc != 5) return EXIT_FAILURE;
  try {
    const annals::tests::KillAt kill{argv[3], std::atoi(argv[4])};
    if (std::string_view{argv[1]} == "runner") {
      annals::tests::project_until_idle({.conninfo = argv[2]}, kill);
    } else {
      annals::tests::Consumer{{.conninfo = argv[2]}, argv[1], kill}.receive_all();
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return EXIT_FAILURE;
  }
}
