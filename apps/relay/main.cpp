#include <cstdio>
#include <exception>
#include <string>
#include <utility>

#include "annals/kafka/settings.hpp"
#include "host/process/exit_code.hpp"
#include "host/settings/environment.hpp"
#include "relay/daemon.hpp"
#include "relay/settings/command_line.hpp"
#include "relay/settings/config_listing.hpp"
#include "relay/settings/config_loader.hpp"

namespace annals::relayd {
namespace {

/// To standard error, whatever the log is: without a good configuration there is no log.
void tell(const char* kind, const std::vector<std::string>& lines) {
  for (const auto& line : lines) std::fprintf(stderr, "annals-relay: %s: %s\n", kind, line.c_str());
}

/// A name a line, and behind it the only values that it takes, if not librdkafka alone decides.
void list_kafka_settings() {
  for (const auto& setting : kafka::allowed_settings()) {
    if (setting.client == kafka::Client::consumer) continue;
    std::printf("%s%s%s\n", std::string{setting.name}.c_str(), setting.values.empty() ? "" : "=",
                std::string{setting.values}.c_str());
  }
}

host::ExitCode run(const CommandLine& line) {
  if (line.list_kafka_settings) {
    list_kafka_settings();
    return host::ExitCode::ok;
  }
  const auto load =
      [inputs = ConfigInputs{.file = line.config_file, .environment = host::environment(), .flags = line.settings}] {
        return load_config(inputs);
      };
  auto loaded = load();
  tell("error", loaded.problems);
  if (line.print_config) std::fputs(print_config(loaded).c_str(), stdout);
  if (!loaded.problems.empty()) return host::ExitCode::usage;
  if (line.check || line.print_config) {
    tell("warning", loaded.warnings);
    if (line.check) std::fputs("annals-relay: the configuration is good\n", stderr);
    return host::ExitCode::ok;
  }
  return run_daemon(std::move(loaded), {line.until_caught_up, line.exit_on_unavailable, line.config_file}, load);
}

}  // namespace
}  // namespace annals::relayd

int main(int argc, char** argv) {
  using annals::host::ExitCode;
  try {
    int code = 0;
    const auto line = annals::relayd::parse_command_line(argc, argv, code);
    return line ? static_cast<int>(annals::relayd::run(*line)) : code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "annals-relay: internal error: %s\n", error.what());
    return static_cast<int>(ExitCode::failed);
  }
}
