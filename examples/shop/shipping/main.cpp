// shipping: ships what was paid.
#include "annals/eventstore/event_store.hpp"
#include "program/run_program.hpp"
#include "service/consumer.hpp"
#include "service/event_types.hpp"
#include "service/schema.hpp"
#include "service/service.hpp"
#include "service/settings.hpp"
#include "shipping/handlers.hpp"

namespace {

using namespace shop;

int run(const Settings& settings) {
  Service service;
  const annals::eventstore::EventStore store{settings.database};
  const auto types = event_types();
  const Subscription subscription{.name = "shipping", .topics = {"orders"}};
  service.run("consumer", [&](const std::stop_token& stop) {
    consume(settings, subscription, types, shipping::handlers(store, types), stop);
  });
  return service.wait();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Ships what was paid", "shipping"};
  Settings settings;
  add_settings(app, settings, "shipping");
  app.require_subcommand(1);
  app.add_subcommand("init", "Create what is missing in the database")->callback([&] {
    create_schema(settings.database);
  });
  app.add_subcommand("run", "Work until SIGTERM")->callback([&] { throw CLI::RuntimeError(run(settings)); });
  return example::run_program(app, argc, argv);
}
