#include "host/process/signal_thread.hpp"

#include <pthread.h>
#include <unistd.h>

#include <csignal>

namespace annals::host {
namespace {

/// SIGUSR1 only wakes the thread to end it.
sigset_t waited_for(bool hangup) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&set, signal);
  if (hangup) sigaddset(&set, SIGHUP);
  return set;
}

void wait_loop(const std::stop_token& stop, const std::function<void(int)>& on_stop,
               const std::function<void()>& on_hangup) {
  const auto set = waited_for(on_hangup != nullptr);
  bool stopping = false;
  while (!stop.stop_requested()) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0 || signal == SIGUSR1) continue;
    if (signal == SIGHUP) {
      on_hangup();
      continue;
    }
    if (stopping) _exit(128 + signal);
    stopping = true;
    on_stop(signal);
  }
}

}  // namespace

SignalThread::SignalThread(std::function<void(int)> on_stop, std::function<void()> on_hangup) {
  const auto set = waited_for(on_hangup != nullptr);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  thread_ = std::jthread{[on_stop = std::move(on_stop), on_hangup = std::move(on_hangup)](const std::stop_token& stop) {
    wait_loop(stop, on_stop, on_hangup);
  }};
}

SignalThread::~SignalThread() {
  thread_.request_stop();
  pthread_kill(thread_.native_handle(), SIGUSR1);
}

}  // namespace annals::host
