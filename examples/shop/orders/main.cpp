// orders: takes orders, follows their payment and shipment, and tells how they stand.
#include <fmt/format.h>

#include "annals/core/text.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/transact.hpp"
#include "orders/handlers.hpp"
#include "orders/http.hpp"
#include "orders/order_status.hpp"
#include "orders/status_table.hpp"
#include "program/run_program.hpp"
#include "service/consumer.hpp"
#include "service/event_types.hpp"
#include "service/schema.hpp"
#include "service/service.hpp"
#include "service/settings.hpp"

namespace {

using namespace shop;
using annals::postgres::transact;

constexpr int orders_max = 1'000'000'000;

struct Placement {
  std::int64_t count = 1;
  std::int64_t first = 1;
};

/// The read model is the service's own table: what it may do there is not Annals' to give.
void init(const Settings& settings, const std::string& service) {
  create_schema(settings.database, {orders::status_schema()});
  if (service.empty()) return;
  annals::require_identifier("service role", service);
  annals::postgres::Connection{settings.database}.execute(
      "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON public.order_status TO " + service);
}

void place(const Settings& settings, const Placement& placement) {
  const annals::eventstore::EventStore store{settings.database};
  const auto types = event_types();
  const auto pool = annals::postgres::make_pqxx_pool(settings.database);
  std::int64_t placed = 0;
  for (auto number = placement.first; number < placement.first + placement.count; ++number) {
    const auto request = orders::sample_order(number);
    placed += transact(*pool, [&](pqxx::work& tx) { return orders::place_order(store, tx, types, request); }) ? 1 : 0;
  }
  fmt::print("placed {} orders, {} were there\n", placed, placement.count - placed);
}

void show(const Settings& settings, const std::string& id) {
  const auto pool = annals::postgres::make_pqxx_pool(settings.database);
  const auto status = transact(*pool, [&](pqxx::work& tx) { return orders::find_status(tx, id); });
  if (!status) {
    fmt::print(stderr,
               "orders: there is no order \"{}\"; what was placed a moment ago may not be in the read model yet\n",
               annals::printable(id));
    throw CLI::RuntimeError(3);
  }
  fmt::print("order {} of {}: {}, {}.{:02}, since {}\n", id, status->customer_id, status->state,
             status->amount_cents / 100, status->amount_cents % 100, status->updated_at);
}

int run(const Settings& settings, const orders::StatusServer::Address& address) {
  Service service;
  const annals::eventstore::EventStore store{settings.database};
  const auto types = event_types();
  const auto pool = annals::postgres::make_pqxx_pool(settings.database);
  orders::StatusServer http{*pool, address};
  fmt::print("listening on http://{}:{}\n", address.host, http.port());
  std::fflush(stdout);

  service.run("http", [&](const std::stop_token& stop) { http.serve(stop); });
  service.run("order_status",
              [&](const std::stop_token& stop) { orders::project_order_status(settings.database, types, stop); });
  const Subscription subscription{.name = "orders", .topics = {"payments", "shipments"}};
  service.run("consumer", [&](const std::stop_token& stop) {
    consume(settings, subscription, types, orders::handlers(store, types), stop);
  });
  return service.wait();
}

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape)
  CLI::App app{"Takes orders", "orders"};
  Settings settings;
  add_settings(app, settings, "orders");
  app.require_subcommand(1);

  std::string service;
  auto* init_command = app.add_subcommand("init", "Create what is missing in the database");
  init_command->add_option("--service", service,
                           "Role of the service, when it is not the owner: it keeps the read model");
  init_command->callback([&] { init(settings, service); });

  std::string host;
  int port = 0;
  auto* run_command = app.add_subcommand("run", "Serve until SIGTERM");
  run_command->add_option("--listen", host, "Address of HTTP; another than loopback is for a container")
      ->default_val("127.0.0.1");
  run_command->add_option("--port", port, "Port of HTTP; 0 is any")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str();
  run_command->callback([&] { throw CLI::RuntimeError(run(settings, {.host = host, .port = port})); });

  Placement placement;
  auto* place_command = app.add_subcommand("place", "Place sample orders");
  place_command->add_option("count", placement.count, "How many")->required()->check(CLI::Range(1, orders_max));
  place_command->add_option("--first", placement.first, "Number of the first")
      ->check(CLI::Range(1, orders_max))
      ->capture_default_str();
  place_command->callback([&] { place(settings, placement); });

  std::string id;
  auto* status_command = app.add_subcommand("status", "Say how an order stands");
  status_command->add_option("id", id)->required();
  status_command->callback([&] { show(settings, id); });
  return example::run_program(app, argc, argv);
}
