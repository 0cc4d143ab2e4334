#include "relay/settings/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "host/process/exit_code.hpp"
#include "host/settings/usage.hpp"
#include "host/text/shown.hpp"
#include "relay/settings/setting.hpp"

namespace annals::relayd {
namespace {

std::string environment_help() {
  std::string out = "Environment (a flag wins over it, it wins over the file):\n";
  std::size_t width = 0;
  for (const auto& setting : all_settings()) width = std::max(width, setting.env.size());
  for (const auto& setting : all_settings()) out += fmt::format("  {:<{}} {}\n", setting.env, width, setting.key);
  return out;
}

std::string exit_code_help() {
  using enum host::ExitCode;
  return "Exit codes:\n" + host::exit_code_table({ok, failed, usage, unavailable, check_failed, halted, in_flight}) +
         "  130, 143  a second SIGINT or SIGTERM: left at once\n";
}

void add_setting(CLI::App& app, const Setting& setting, CommandLine& line) {
  const std::string key{setting.key};
  const auto help = fmt::format("{} [{}]", setting.help, key);
  if (setting.kind == ValueKind::list) {
    const auto take = [&line, key](const std::vector<std::string>& items) {
      line.settings.emplace_back(key, fmt::format("{}", fmt::join(items, ",")));
    };
    app.add_option_function<std::vector<std::string>>(std::string{setting.flag}, take, help)->type_name("TEXT");
    return;
  }
  const auto take = [&line, key](const std::string& text) { line.settings.emplace_back(key, text); };
  app.add_option_function<std::string>(std::string{setting.flag}, take, help)->type_name("TEXT");
}

/// Prints help and version, which are no failures, or what is wrong and what to do about it.
int report(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const auto meant = host::meant(app);
  fmt::print(stderr, "annals-relay: error: {}. Hint: {}{}annals-relay --help lists all flags\n",
             host::shown(error.what()), meant, meant.empty() ? "" : " ");
  return static_cast<int>(host::ExitCode::usage);
}

}  // namespace

std::optional<CommandLine> parse_command_line(int argc, char** argv, int& exit_code) {
  CommandLine line;
  CLI::App app{
      "Publishes what was committed to PostgreSQL to Kafka, at least or exactly once, in the order of each key.",
      "annals-relay"};
  app.set_version_flag("--version", std::string{"annals-relay " ANNALS_VERSION});
  app.add_option("--config", line.config_file, "TOML file; see relay.example.toml")->type_name("FILE");
  for (const auto& setting : all_settings()) {
    add_setting(app, setting, line);
  }
  app.add_flag("--check", line.check, "check the configuration and exit with 0 or 2; connects to nothing");
  app.add_flag("--print-config", line.print_config, "print effective settings and where they came from, and exit");
  app.add_flag("--until-caught-up", line.until_caught_up, "exit with 0 when everything is delivered");
  app.add_flag("--exit-on-unavailable", line.exit_on_unavailable, "exit with 3 instead of trying again");
  app.add_flag("--list-kafka-settings", line.list_kafka_settings,
               "print the settings of librdkafka that may be given, and exit");
  app.footer(environment_help() + "\n" + exit_code_help());
  try {
    app.parse(argc, argv);
    return line;
  } catch (const CLI::ParseError& error) {
    exit_code = report(app, error);
    return std::nullopt;
  }
}

}  // namespace annals::relayd
