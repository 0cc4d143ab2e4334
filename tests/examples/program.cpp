#include "program.hpp"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace annals::tests {

Outcome run(const std::string& command) {
  auto* pipe = popen((command + " 2>&1 </dev/null").c_str(), "r");  // NOLINT(cert-env33-c): the tests' own commands
  if (pipe == nullptr) throw std::runtime_error{"cannot run " + command};
  Outcome outcome;
  std::array<char, 4096> part{};
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe)) outcome.output.append(part.data(), size);
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

std::string quoted(const std::string& argument) {
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return text + "'";
}

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"cannot read " + path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace annals::tests
