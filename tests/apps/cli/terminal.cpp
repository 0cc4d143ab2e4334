#include "terminal.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace annals::tests {
namespace {

constexpr int patience_ms = 20'000;

[[noreturn]] void exec_program(const Arguments& arguments, const Environment& environment) {
  auto words = arguments;
  words.insert(words.begin(), ANNALS_PROGRAM);
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  for (const auto* name : {"ANNALS_DATABASE", "NO_COLOR", "COLUMNS"}) ::unsetenv(name);
  ::setenv("TERM", "xterm", 1);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  ::execv(ANNALS_PROGRAM, argv.data());
  ::_exit(127);
}

}  // namespace

Terminal::Terminal(const Arguments& arguments, const Environment& environment, unsigned short columns) {
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  pid_ = ::forkpty(&master_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error{"forkpty"};
  if (pid_ == 0) exec_program(arguments, environment);
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(master_);
}

void Terminal::press(std::string_view keys) {
  if (::write(master_, keys.data(), keys.size()) < 0) throw std::runtime_error{"write to the terminal"};
}

/// False at the end: nobody has the terminal open any more.
bool Terminal::read_some() {
  pollfd entry{.fd = master_, .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, patience_ms) <= 0) throw std::runtime_error{"the program hangs: " + screen_};
  char buffer[65536];
  const auto count = ::read(master_, buffer, sizeof buffer);
  if (count <= 0) return false;
  screen_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

void Terminal::wait_for(std::string_view text) {
  while (screen_.find(text) == std::string::npos) {
    if (!read_some()) throw std::runtime_error{"it never said \"" + std::string{text} + "\": " + screen_};
  }
}

Finished Terminal::finish() {
  while (read_some()) {
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), screen_, {}};
}

Finished run_in_terminal(const Arguments& arguments, const Environment& environment, unsigned short columns) {
  return Terminal{arguments, environment, columns}.finish();
}

}  // namespace annals::tests
