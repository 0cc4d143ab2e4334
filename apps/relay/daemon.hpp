#pragma once
#include <functional>

#include "host/process/exit_code.hpp"
#include "relay/settings/config_loader.hpp"
#include "relay/source.hpp"

namespace annals::relayd {

/// The whole program once its configuration is good: sources, signals, probes, watchdog. Returns how to leave.
///
/// It ends when every database has, with the worst of their codes. May end the process itself, with ExitCode::in_flight, when a source
/// hangs past limits.drain_timeout: a thread inside a library cannot be ended otherwise.
///
/// `reload` gives the configuration as it is now, at a SIGHUP: see Databases::reload().
[[nodiscard]] host::ExitCode run_daemon(LoadedConfig loaded, RunMode mode, std::function<LoadedConfig()> reload);

}  // namespace annals::relayd
