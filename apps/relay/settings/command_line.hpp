#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace annals::relayd {

struct CommandLine {
  std::string config_file;
  std::vector<std::pair<std::string, std::string>> settings;  ///< key of the setting, text
  bool check = false;
  bool print_config = false;
  bool until_caught_up = false;
  bool exit_on_unavailable = false;
  bool list_kafka_settings = false;
};

/// Parses the arguments. Nothing when there is no more to do (--help, --version, or an error, which has been printed):
/// then `exit_code` says how to leave.
[[nodiscard]] std::optional<CommandLine> parse_command_line(int argc, char** argv, int& exit_code);

}  // namespace annals::relayd
