#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "annals/kafka/settings.hpp"
#include "annals/postgres/database.hpp"

namespace shop {

/// What every program of the shop must know. A flag wins over the environment.
struct Settings {
  annals::postgres::Database database;  ///< --database, or <SERVICE>_DATABASE
  std::string brokers;                  ///< --kafka, or ANNALS_KAFKA
  std::string topic_prefix;             ///< --topic-prefix, or SHOP_TOPIC_PREFIX: several shops on one Kafka

  [[nodiscard]] std::string topic(std::string_view name) const { return topic_prefix + std::string{name}; }
  [[nodiscard]] annals::kafka::Settings kafka() const { return {{"bootstrap.servers", brokers}}; }
};

/// Adds the flags to `app`; the settings are there after parsing. `service` is "orders", "payments" or "shipping".
void add_settings(CLI::App& app, Settings& settings, const std::string& service);

}  // namespace shop
