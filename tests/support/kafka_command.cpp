#include "support/kafka_command.hpp"

#include <map>
#include <stdexcept>

#include "support/output_of.hpp"

namespace annals::tests {
namespace {

/// What Kafka's scripts run.
const std::map<std::string, std::string> programs{{"kafka-acls.sh", "org.apache.kafka.tools.AclCommand"},
                                                  {"kafka-configs.sh", "kafka.admin.ConfigCommand"},
                                                  {"kafka-topics.sh", "org.apache.kafka.tools.TopicCommand"}};

void replace(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
}

}  // namespace

void run_shown_command(const std::string& hint, const std::string& shown, const std::string& servers) {
  const auto begin = hint.find("kafka-");
  const auto end = hint.find(' ', begin == std::string::npos ? 0 : begin);
  const auto program = programs.find(hint.substr(begin == std::string::npos ? 0 : begin, end - begin));
  if (begin == std::string::npos || program == programs.end()) throw std::runtime_error{"no command in: " + hint};
  auto arguments = hint.substr(end);
  replace(arguments, shown, servers);
  replace(arguments, "User:NAME", "User:named");
  run_command(std::string{ANNALS_SCRIPT_STACK} + " tool " + program->second + arguments + " >&2");
}

}  // namespace annals::tests
