#pragma once
#include <functional>

#include "cli/invocation.hpp"

namespace CLI {
class App;
}

namespace annals::cli {

/// What the parsed command line asks for.
struct Action {
  std::function<host::ExitCode(Invocation&)> run;
  bool takes_many = false;  ///< it acts on all databases of a configuration; else one is to be chosen
};

// Each adds its commands to the parser; a command that is parsed puts what it does into `action`, which must outlive
// the parsing. These and command_line.cpp are the only files that include CLI11.
void add_log_commands(CLI::App& app, Action& action);           ///< stream, all, events
void add_operation_commands(CLI::App& app, Action& action);     ///< schema, outbox, relay, projection, doctor
void add_emission_commands(CLI::App& outbox, Action& action);   ///< emission
void add_parked_commands(CLI::App& outbox, Action& action);     ///< parked
void add_retention_commands(CLI::App& outbox, Action& action);  ///< retention, retain, maintain

}  // namespace annals::cli
