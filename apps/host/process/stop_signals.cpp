#include "host/process/stop_signals.hpp"

#include <csignal>

namespace annals::host {
namespace {

volatile std::sig_atomic_t requested = 0;

extern "C" void note_stop(int) { requested = 1; }

}  // namespace

void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = note_stop;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // no SA_RESTART: waits end
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() noexcept { return requested != 0; }

}  // namespace annals::host
