// fines: what is owed, computed from an event log. See README.md.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <iostream>

#include "annals/core/clock.hpp"
#include "annals/eventstore/schema.hpp"
#include "annals/outbox/schema.hpp"
#include "annals/postgres/transact.hpp"
#include "annals/projections/runner.hpp"
#include "annals/projections/schema.hpp"
#include "fines/projection.hpp"
#include "fines/table.hpp"
#include "program/run_program.hpp"

namespace {

using annals::postgres::Database;
using State = annals::projections::StepReport::State;

constexpr std::chrono::milliseconds wait_max{200};

volatile std::sig_atomic_t stopped = 0;

void init(const Database& database) {
  annals::postgres::Migrator migrator{
      database,
      {annals::eventstore::schema(), annals::outbox::schema(), annals::projections::schema(), fines::table_schema()}};
  migrator.apply();
}

/// Says every second how many events were handled, on standard error.
class Progress {
 public:
  void add(std::size_t events) {
    handled_ += events;
    const auto now = std::chrono::steady_clock::now();
    if (events == 0 || now - said_ < std::chrono::seconds{1}) return;
    const auto seconds = std::chrono::duration<double>(now - said_).count();
    fmt::print(stderr, "fines: {} events handled, {:.0f}/s\n", handled_,
               static_cast<double>(handled_ - known_) / seconds);
    known_ = handled_;
    said_ = now;
  }

 private:
  std::size_t handled_ = 0;
  std::size_t known_ = 0;  ///< what was handled when it was last said
  std::chrono::steady_clock::time_point said_ = std::chrono::steady_clock::now();
};

/// Until everything in the log is in the table; on and on with `follow`.
void project(const Database& database, bool follow) {
  const auto projection = fines::fines_projection();
  const annals::TypeRegistry types;  // empty: the events are handled as JSON
  annals::SystemClock clock;
  annals::projections::Runner runner{database, projection, types, clock};
  Progress progress;
  while (stopped == 0) {
    const auto step = runner.step(wait_max);
    progress.add(step.applied);
    if (!follow && step.state == State::idle) return;
  }
}

void report(const Database& database) {
  const auto pool = annals::postgres::make_pqxx_pool(database);
  annals::postgres::transact(*pool, [](pqxx::work& tx) { fines::report(tx, std::cout); });
}

}  // namespace

// What throws outside of the try block is a mistake in the declaration of the options.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape)
  std::signal(SIGTERM, [](int) { stopped = 1; });
  std::signal(SIGINT, [](int) { stopped = 1; });

  CLI::App app{"What is owed, computed from an event log", "fines"};
  Database database;
  database.application_name = "fines";
  app.add_option("--database", database.conninfo, "As libpq understands it")->envname("ANNALS_DATABASE");
  app.require_subcommand(1);
  app.add_subcommand("init", "Create what is missing in the database")->callback([&] { init(database); });
  bool follow = false;
  auto* project_command = app.add_subcommand("project", "Bring the table up to date");
  project_command->add_flag("--follow", follow, "Go on until SIGTERM");
  project_command->callback([&] { project(database, follow); });
  app.add_subcommand("report", "Print the table as CSV")->callback([&] { report(database); });
  return example::run_program(app, argc, argv);
}
