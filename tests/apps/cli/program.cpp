#include "program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace annals::tests {
namespace {

constexpr int patience_ms = 20'000;

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"pipe"};
    read = ends[0];
    write = ends[1];
  }
};

void close_once(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

[[noreturn]] void exec_program(const Arguments& arguments, const Environment& environment) {
  std::vector<char*> argv;
  std::string program = ANNALS_PROGRAM;
  argv.push_back(program.data());
  auto copies = arguments;
  for (auto& copy : copies) argv.push_back(copy.data());
  argv.push_back(nullptr);
  ::unsetenv("ANNALS_DATABASE");
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  ::execv(ANNALS_PROGRAM, argv.data());
  ::_exit(127);
}

}  // namespace

Program::Program(const Arguments& arguments, const Environment& environment) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe in;
  Pipe out;
  Pipe err;
  pid_ = ::fork();
  if (pid_ == 0) {
    std::signal(SIGPIPE, SIG_DFL);
    ::dup2(in.read, 0);
    ::dup2(out.write, 1);
    ::dup2(err.write, 2);
    exec_program(arguments, environment);
  }
  close_once(in.read);
  close_once(out.write);
  close_once(err.write);
  in_ = in.write;
  out_ = out.read;
  err_ = err.read;
}

Program::~Program() {
  close_input();
  close_once(out_);
  close_once(err_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

void Program::write(std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(in_, text.data(), text.size());
    if (count < 0 && errno == EPIPE) return;  // it has seen enough
    if (count < 0) throw std::runtime_error{"write to the program"};
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Program::close_input() { close_once(in_); }
void Program::close_output() { close_once(out_); }
void Program::signal(int number) { ::kill(pid_, number); }

bool Program::read_some(int& descriptor, std::string& text, int timeout_ms) {
  pollfd entry{.fd = descriptor, .events = POLLIN, .revents = 0};
  if (::poll(&entry, 1, timeout_ms) <= 0) return false;
  char buffer[65536];
  const auto count = ::read(descriptor, buffer, sizeof buffer);
  if (count <= 0) {
    close_once(descriptor);
    return false;
  }
  text.append(buffer, static_cast<std::size_t>(count));
  return true;
}

std::string Program::read_line() {
  while (out_text_.find('\n') == std::string::npos) {
    if (!read_some(out_, out_text_, patience_ms)) throw std::runtime_error{"no line came: " + out_text_ + err_text_};
  }
  const auto end = out_text_.find('\n');
  auto line = out_text_.substr(0, end);
  out_text_.erase(0, end + 1);
  return line;
}

Finished Program::finish() {
  close_input();
  while (out_ >= 0 || err_ >= 0) {
    pollfd entries[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    if (::poll(entries, 2, patience_ms) <= 0) throw std::runtime_error{"the program hangs: " + err_text_};
    if (entries[0].revents != 0) read_some(out_, out_text_, 0);
    if (entries[1].revents != 0) read_some(err_, err_text_, 0);
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out_text_, err_text_};
}

Finished run(const Arguments& arguments, const std::string& input, const Environment& environment) {
  Program program{arguments, environment};
  program.write(input);
  return program.finish();
}

TempDirectory::TempDirectory() {
  auto pattern = (std::filesystem::temp_directory_path() / "annals-cli-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
  path_ = pattern;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> TempDirectory::names() const {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator{path_}) found.push_back(entry.path().filename());
  std::sort(found.begin(), found.end());
  return found;
}

std::string read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream file{path, std::ios::binary};
  file << text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace annals::tests
