// shop-verify: waits until the shop is quiet, collects everything it did, and checks every promise.
#include <fmt/format.h>

#include "program/run_program.hpp"
#include "verify/checks.hpp"
#include "verify/collect.hpp"

namespace {

using namespace shop::verify;

constexpr std::size_t findings_shown_max = 5;

bool report(const std::string& promise, const Findings& findings) {
  fmt::print("  {}  {}\n", findings.empty() ? "ok    " : "BROKEN", promise);
  for (std::size_t i = 0; i < findings.size() && i < findings_shown_max; ++i) fmt::print("          {}\n", findings[i]);
  if (findings.size() > findings_shown_max) {
    fmt::print("          and {} more\n", findings.size() - findings_shown_max);
  }
  return findings.empty();
}

void print(const Figures& figures) {
  fmt::print("  orders placed      {:>7}\n", figures.placed);
  fmt::print("  completed          {:>7}\n", figures.completed);
  fmt::print("  refused, cancelled {:>7}\n", figures.cancelled);
  fmt::print("  events stored      {:>7}\n", figures.events);
  fmt::print("  records on Kafka   {:>7}\n", figures.published);
  fmt::print("  of them duplicates {:>7}\n", figures.duplicates);
}

Findings all_were_placed(const Figures& figures, std::size_t expected) {
  if (figures.placed == expected) return {};
  return {fmt::format("{} orders were placed", figures.placed)};
}

int verify(const Scene& scene, std::size_t orders, std::chrono::seconds wait_max) {
  std::string open;
  const bool quiet = wait_until_quiet(scene, wait_max, open);
  const auto evidence = collect(scene);
  const auto figures = count(evidence);
  print(figures);
  bool kept = report("the shop came to rest", quiet ? Findings{} : Findings{open});
  kept &= report(fmt::format("{} orders were placed", orders), all_were_placed(figures, orders));
  for (const auto& check : all_checks()) kept &= report(check.promise, check.run(evidence));
  return kept ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Checks what the shop promises", "shop-verify"};
  Scene scene;
  std::size_t orders = 0;
  std::int64_t wait_seconds = 60;
  app.add_option("--orders-database", scene.orders.conninfo)->envname("ORDERS_DATABASE")->required();
  app.add_option("--payments-database", scene.payments.conninfo)->envname("PAYMENTS_DATABASE")->required();
  app.add_option("--shipping-database", scene.shipping.conninfo)->envname("SHIPPING_DATABASE")->required();
  app.add_option("--kafka", scene.brokers)->envname("ANNALS_KAFKA")->required();
  app.add_option("--topic-prefix", scene.topic_prefix)->envname("SHOP_TOPIC_PREFIX");
  app.add_option("--orders", orders, "How many were placed")->required();
  app.add_option("--wait", wait_seconds, "Seconds to wait for the shop to come to rest")->capture_default_str();
  app.callback([&] { throw CLI::RuntimeError(verify(scene, orders, std::chrono::seconds{wait_seconds})); });
  return example::run_program(app, argc, argv);
}
