#pragma once
#include <system_error>
#include <thread>
#include <utility>

#include "host/text/log.hpp"

namespace annals::relayd {

/// Starts `work` on `thread`. False, and a line in the log, when the machine gives no thread: thrown where other threads run, that would end the
/// process with all its databases. `thread` is left as it was then.
template <class Work>
[[nodiscard]] bool start_thread(std::jthread& thread, host::Log& log, Work work) {
  try {
    thread = std::jthread{std::move(work)};
    return true;
  } catch (const std::system_error& error) {
    log.write(host::Level::error, "cannot start a thread",
              {{"reason", error.what()},
               {"hint",
                "allow more: TasksMax of the service, pids.max of the container, ulimit -u and -v; or configure "
                "fewer databases and shards"}});
    return false;
  }
}

}  // namespace annals::relayd
