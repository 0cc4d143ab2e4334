#include "service/service.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>

#include "annals/core/backoff.hpp"
#include "annals/core/error.hpp"

namespace shop {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

void say(const std::string& name, std::string_view what) {
  fmt::print(stderr, "{}: {}\n", name, what);
  std::fflush(stderr);
}

bool passes(const annals::Error& error) {
  using annals::ErrorKind;
  return error.retryable() || error.kind() == ErrorKind::disconnected || error.kind() == ErrorKind::overloaded ||
         error.kind() == ErrorKind::in_doubt;
}

void sleep(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::unique_lock lock{mutex};
  std::condition_variable_any{}.wait_for(lock, stop, duration, [] { return false; });
}

}  // namespace

Service::Service() {
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Service::~Service() { stop_.request_stop(); }

void Service::run(std::string name, Session session) {
  threads_.emplace_back([this, name = std::move(name), session = std::move(session)] {
    try {
      keep_running(name, session, stop_.get_token());
    } catch (const std::exception& error) {
      fail(name, error.what());
    }
  });
}

int Service::wait() {
  const auto signals = stop_signals();
  int signal = 0;
  sigwait(&signals, &signal);
  stop_.request_stop();
  threads_.clear();  // joins
  return failed_ ? 1 : 0;
}

void Service::keep_running(const std::string& name, const Session& session, const std::stop_token& stop) {
  annals::Backoff backoff;
  while (!stop.stop_requested()) {
    try {
      session(stop);
      backoff.reset();
    } catch (const annals::Error& error) {
      if (!passes(error)) throw;
      say(name, fmt::format("{}; trying again", error.what()));
      sleep(stop, backoff.next());
    }
  }
}

void Service::fail(const std::string& name, const std::string& why) {
  say(name, why);
  failed_ = true;
  kill(getpid(), SIGTERM);
}

}  // namespace shop
