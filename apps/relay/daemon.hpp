#pragma once
#include "config_loader.hpp"
#include "exit_code.hpp"
#include "source.hpp"

namespace annals::relayd {

/// The whole program once its configuration is good: sources, signals, probes, watchdog. Returns how to leave.
///
/// May end the process itself, with ExitCode::drain_timeout, when a source hangs past limits.drain_timeout: a thread
/// inside a library cannot be ended otherwise.
[[nodiscard]] ExitCode run_daemon(const LoadedConfig& loaded, RunMode mode);

}  // namespace annals::relayd
