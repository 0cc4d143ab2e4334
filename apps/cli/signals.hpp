#pragma once

namespace annals::cli {

/// From now on SIGINT and SIGTERM only note that the program should stop, and interrupt what it waits for. A second one
/// ends it at once. Call in commands that have something to put in order; the others just die.
void stop_on_signals();
[[nodiscard]] bool stop_requested() noexcept;
/// Throws the Failure of a command that was told to stop before it was done.
[[noreturn]] void throw_interrupted();
inline void throw_if_stopped() {
  if (stop_requested()) throw_interrupted();
}

}  // namespace annals::cli
