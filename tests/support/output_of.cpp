#include "support/output_of.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace annals::tests {

std::string output_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(command.c_str(), "r"), [](FILE* file) { return pclose(file); }};
  if (!pipe) throw std::runtime_error{"cannot run " + command};
  std::string text;
  std::array<char, 256> piece{};
  while (const auto count = std::fread(piece.data(), 1, piece.size(), pipe.get())) text.append(piece.data(), count);
  if (pclose(pipe.release()) != 0) throw std::runtime_error{"failed: " + command};
  return text;
}

void run_command(const std::string& command) { (void)output_of(command); }

}  // namespace annals::tests
