#include "support/kafka_stack.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace annals::tests {
namespace {

/// What a command writes; throws when it fails. The environment's own broker must not stand in for the private one.
std::string output_of(const std::string& command) {
  const auto full = "env -u ANNALS_KAFKA -u ANNALS_STACK_KAFKA " + command;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(full.c_str(), "r"), [](FILE*) { return 0; }};
  if (!pipe) throw std::runtime_error{"cannot run " + full};
  std::string text;
  std::array<char, 256> piece{};
  while (std::fgets(piece.data(), piece.size(), pipe.get()) != nullptr) text += piece.data();
  if (pclose(pipe.get()) != 0) throw std::runtime_error{"failed: " + full};
  return text;
}

std::string stack(const std::string& name, const std::string& arguments) {
  return output_of(std::string{ANNALS_SCRIPT_STACK} + " --name " + name + " " + arguments);
}

/// The value of "export NAME=value".
std::string exported(const std::string& text, const std::string& variable) {
  const auto head = "export " + variable + "=";
  const auto begin = text.find(head);
  if (begin == std::string::npos) throw std::runtime_error{variable + " is not in: " + text};
  const auto from = begin + head.size();
  return text.substr(from, text.find('\n', from) - from);
}

}  // namespace

PrivateKafka::PrivateKafka() : name_("kafka-fault-" + std::to_string(getpid())) {
  try {
    stack(name_, "--only kafka up >&2");
    brokers_ = exported(stack(name_, "env"), "ANNALS_KAFKA");
  } catch (...) {
    stack(name_, "down >&2");
    throw;
  }
}

PrivateKafka::~PrivateKafka() {
  try {
    stack(name_, "down >&2");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

void PrivateKafka::change(const std::string& action) const { stack(name_, action + " kafka >&2"); }

}  // namespace annals::tests
