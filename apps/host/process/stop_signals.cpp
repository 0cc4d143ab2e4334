#include "host/process/stop_signals.hpp"

#include <pthread.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>

namespace annals::host {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds tick{200};

volatile std::sig_atomic_t requested = 0;

extern "C" void note_stop(int) { requested = 1; }

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&set, signal);
  return set;
}

void note_signals() {
  struct sigaction action {};
  action.sa_handler = note_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // no SA_RESTART: waits end
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void watch(const std::stop_token& stop, std::chrono::milliseconds grace, const std::function<void()>& give_up) {
  const auto set = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // they are to end the waits of the first thread
  std::optional<Clock::time_point> since;
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock{mutex};
  while (!ended.wait_for(lock, stop, tick, [&] { return stop.stop_requested(); })) {
    if (stop_requested() && !since) since = Clock::now();
    if (since && Clock::now() - *since >= grace) return give_up();
  }
}

}  // namespace

StopSignals::StopSignals(std::chrono::milliseconds grace, std::function<void()> give_up) {
  note_signals();
  watch_ =
      std::jthread{[grace, give_up = std::move(give_up)](const std::stop_token& stop) { watch(stop, grace, give_up); }};
}

bool stop_requested() noexcept { return requested != 0; }

}  // namespace annals::host
