#include "support/private_stack.hpp"

#include <unistd.h>

#include <cstdio>

#include "support/output_of.hpp"

namespace annals::tests {
namespace {

/// The test stack's own broker must not stand in for a private one.
std::string stack(const std::string& name) {
  return std::string{"env -u ANNALS_KAFKA -u ANNALS_STACK_KAFKA "} + ANNALS_SCRIPT_STACK + " --name " + name + " ";
}

}  // namespace

PrivateStack::PrivateStack(std::string service, int brokers)
    : service_(std::move(service)), name_("fault-" + service_ + "-" + std::to_string(getpid())) {
  const auto* variable = service_ == "kafka" ? "$ANNALS_KAFKA" : "$ANNALS_DATABASE";
  try {
    // A time-out or Ctrl-C ends this process without its destructors; the server must not stay.
    const auto count = brokers > 1 ? " --brokers " + std::to_string(brokers) : std::string{};
    run_command(stack(name_) + "--only " + service_ + " up --until " + std::to_string(getpid()) + count + " >&2");
    address_ =
        output_of("environment=$(" + stack(name_) + "env) && eval \"$environment\" && printf %s \"" + variable + "\"");
  } catch (...) {
    run_command(stack(name_) + "down >&2");
    throw;
  }
}

PrivateStack::~PrivateStack() {
  try {
    run_command(stack(name_) + "down >&2");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

void PrivateStack::change(const std::string& action, int broker, const std::string& options) const {
  const auto which = broker > 1 ? service_ + "-" + std::to_string(broker) : service_;
  run_command(stack(name_) + action + " " + which + options + " >&2");
}

}  // namespace annals::tests
