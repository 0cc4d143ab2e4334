// shop-admin: creates and removes the topics of the shop.
#include <fmt/format.h>

#include <array>

#include "admin/broker.hpp"
#include "program/run_program.hpp"

namespace {

constexpr int partitions = 4;
constexpr std::array topics{"orders", "payments", "shipments"};

}  // namespace

// What throws outside of the try block is a mistake in the declaration of the options.
int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape)
  CLI::App app{"Topics of the shop", "shop-admin"};
  std::string brokers;
  std::string prefix;
  app.add_option("--kafka", brokers, "Kafka's bootstrap servers")->envname("ANNALS_KAFKA")->required();
  app.add_option("--topic-prefix", prefix, "Before each topic's name")->envname("SHOP_TOPIC_PREFIX");
  app.require_subcommand(1);
  app.add_subcommand("create-topics", "Create what is missing")->callback([&] {
    shop::Broker broker{brokers};
    for (const auto* topic : topics) broker.create_topic(prefix + topic, partitions);
    fmt::print("{} topics of {} partitions\n", topics.size(), partitions);
  });
  app.add_subcommand("delete-topics", "Delete them, with everything in them")->callback([&] {
    shop::Broker broker{brokers};
    for (const auto* topic : topics) broker.delete_topic(prefix + topic);
  });
  return example::run_program(app, argc, argv);
}
