#include "support/private_stack.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace annals::tests {
namespace {

/// What a shell command writes; throws when it fails. The test stack's own broker must not stand in for a private one.
std::string output_of(const std::string& command) {
  const auto full = "unset ANNALS_KAFKA ANNALS_STACK_KAFKA; " + command;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(full.c_str(), "r"), [](FILE*) { return 0; }};
  if (!pipe) throw std::runtime_error{"cannot run " + command};
  std::string text;
  std::array<char, 256> piece{};
  while (std::fgets(piece.data(), piece.size(), pipe.get()) != nullptr) text += piece.data();
  if (pclose(pipe.get()) != 0) throw std::runtime_error{"failed: " + command};
  return text;
}

std::string stack(const std::string& name) { return std::string{ANNALS_SCRIPT_STACK} + " --name " + name + " "; }

}  // namespace

PrivateStack::PrivateStack(std::string service)
    : service_(std::move(service)), name_("fault-" + service_ + "-" + std::to_string(getpid())) {
  const auto* variable = service_ == "kafka" ? "$ANNALS_KAFKA" : "$ANNALS_DATABASE";
  try {
    // A time-out or Ctrl-C ends this process without its destructors; the server must not stay.
    output_of(stack(name_) + "--only " + service_ + " up --until " + std::to_string(getpid()) + " >&2");
    address_ =
        output_of("environment=$(" + stack(name_) + "env) && eval \"$environment\" && printf %s \"" + variable + "\"");
  } catch (...) {
    output_of(stack(name_) + "down >&2");
    throw;
  }
}

PrivateStack::~PrivateStack() {
  try {
    output_of(stack(name_) + "down >&2");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

void PrivateStack::change(const std::string& action, const std::string& options) const {
  output_of(stack(name_) + action + " " + service_ + options + " >&2");
}

}  // namespace annals::tests
