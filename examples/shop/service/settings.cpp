#include "service/settings.hpp"

#include <algorithm>

namespace shop {
namespace {

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

void add_settings(CLI::App& app, Settings& settings, const std::string& service) {
  settings.database.application_name = "shop-" + service;
  app.add_option("--database", settings.database.conninfo, "The service's database, as libpq understands it")
      ->envname(upper(service) + "_DATABASE")
      ->required();
  app.add_option("--kafka", settings.brokers, "Kafka's bootstrap servers")->envname("ANNALS_KAFKA");
  app.add_option("--topic-prefix", settings.topic_prefix, "Before each topic and group name")
      ->envname("SHOP_TOPIC_PREFIX");
}

}  // namespace shop
