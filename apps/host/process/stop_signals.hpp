#pragma once

namespace annals::host {

/// From now on SIGINT and SIGTERM only note that the program should stop, and interrupt what it waits for. A second one
/// ends it at once. Call in commands that have something to put in order; the others just die.
void stop_on_signals();
[[nodiscard]] bool stop_requested() noexcept;

}  // namespace annals::host
