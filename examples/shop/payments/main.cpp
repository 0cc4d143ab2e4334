// payments: collects the money for orders.
#include "annals/eventstore/event_store.hpp"
#include "payments/handlers.hpp"
#include "program/run_program.hpp"
#include "service/consumer.hpp"
#include "service/event_types.hpp"
#include "service/schema.hpp"
#include "service/service.hpp"
#include "service/settings.hpp"

namespace {

using namespace shop;

int run(const Settings& settings) {
  Service service;
  const annals::eventstore::EventStore store{settings.database};
  const auto types = event_types();
  const Subscription subscription{.name = "payments", .topics = {"orders"}};
  service.run("consumer", [&](const std::stop_token& stop) {
    consume(settings, subscription, types, payments::handlers(store, types), stop);
  });
  return service.wait();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Collects the money for orders", "payments"};
  Settings settings;
  add_settings(app, settings, "payments");
  app.require_subcommand(1);
  app.add_subcommand("init", "Create what is missing in the database")->callback([&] {
    create_schema(settings.database);
  });
  app.add_subcommand("run", "Work until SIGTERM")->callback([&] { throw CLI::RuntimeError(run(settings)); });
  return example::run_program(app, argc, argv);
}
