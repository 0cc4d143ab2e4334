#pragma once
#include <string>

namespace annals::tests {

/// Runs a command of Kafka's that a hint shows, "kafka-acls.sh …", on the stack's broker, as somebody who may do everything: the
/// servers that it names are put in the place of `shown`. Throws when there is no command in the text, or it fails.
void run_shown_command(const std::string& hint, const std::string& shown, const std::string& servers);

}  // namespace annals::tests
