#include "relay_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "annals/core/event_id.hpp"

namespace annals::tests {
namespace {

using namespace std::chrono_literals;

std::string read_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> child_environment(const std::map<std::string, std::string>& own) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (std::string_view{*entry}.rfind("ANNALS_", 0) != 0) all.emplace_back(*entry);
  }
  for (const auto& [name, value] : own) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::seconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

TempFolder::TempFolder()
    : path_(std::filesystem::temp_directory_path() / ("annals-relay-" + EventId::generate().to_string())) {
  std::filesystem::create_directories(path_);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream{path(name), std::ios::binary} << text;
  return path(name);
}

RelayProcess::RelayProcess(const std::vector<std::string>& arguments,
                           const std::map<std::string, std::string>& environment) {
  std::vector<std::string> words{ANNALS_RELAY_PROGRAM};
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto variables = child_environment(environment);
  const auto argv = pointers(words);
  const auto envp = pointers(variables);
  const auto out = folder_.path("out");
  const auto err = folder_.path("err");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error{"fork failed"};
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a time-out ends a test without its destructors
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND;
  if (dup2(open(out.c_str(), flags, 0600), 1) < 0 || dup2(open(err.c_str(), flags, 0600), 2) < 0) _exit(127);
  execve(argv[0], argv.data(), envp.data());
  _exit(127);
}

RelayProcess::~RelayProcess() {
  if (!running()) return;
  signal(SIGKILL);
  wait_for_exit();
}

void RelayProcess::signal(int number) const { kill(pid_, number); }

bool RelayProcess::running() {
  if (code_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

std::optional<int> RelayProcess::wait_for_exit(std::chrono::seconds deadline) {
  eventually([&] { return !running(); }, deadline);
  return code_;
}

std::string RelayProcess::out() const { return read_file(folder_.path("out")); }
std::string RelayProcess::err() const { return read_file(folder_.path("err")); }

std::vector<std::string> RelayProcess::out_lines() const {
  std::istringstream in{out()};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

int RelayProcess::port() const {
  const auto log = err();
  for (const std::string_view mark : {"http=127.0.0.1:", "http=0.0.0.0:"}) {
    const auto at = log.find(mark);
    if (at != std::string::npos) return std::atoi(log.c_str() + at + mark.size());
  }
  return 0;
}

HttpAnswer RelayProcess::get(const std::string& path, const std::string& host, const std::string& method) const {
  const int number = port();
  if (number == 0) return {};
  const RawClient client{number};
  client.send(fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n\r\n", method, path, host));
  return parse_answer(client.read_all());
}

std::optional<double> RelayProcess::metric(const std::string& series) const {
  std::istringstream in{get("/metrics").body};
  const std::regex relay{"relay=\"[^\"]*\",?"};
  for (std::string line; std::getline(in, line);) {
    line = std::regex_replace(line, relay, "");
    if (line.rfind(series + " ", 0) == 0) return std::stod(line.substr(series.size() + 1));
  }
  return std::nullopt;
}

}  // namespace annals::tests
