#include "service/settings.hpp"

#include <fmt/format.h>

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

int run_program(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::RuntimeError& status) {
    return status.get_exit_code();             // the subcommand's own
  } catch (const CLI::RequiredError& error) {  // what is lacking, unless something else is one too many
    const auto extras = app.remaining(true);
    return extras.empty() ? app.exit(error) : app.exit(CLI::ExtrasError{app.get_name(), extras});
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", app.get_name(), error.what());
    return 1;
  }
}

}  // namespace shop
