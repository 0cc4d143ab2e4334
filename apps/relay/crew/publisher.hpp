#pragma once
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "annals/core/clock.hpp"
#include "host/process/exit_code.hpp"
#include "host/text/line_output.hpp"
#include "host/text/log.hpp"
#include "relay/crew/unit.hpp"
#include "relay/health.hpp"
#include "relay/live_limits.hpp"
#include "relay/metrics.hpp"
#include "relay/open_sink.hpp"
#include "relay/settings/config.hpp"
#include "relay/source.hpp"
#include "relay/tracing/span_queue.hpp"

namespace annals::relayd {

/// All that publishes from one database: a Crew for each log, and on sessions of their own who maintains the outbox and who looks how far
/// behind it is. It shares log, metrics and standard output with those of other databases, and nothing that one could hold up for another.
///
/// Lifecycle      construct -> run() once, on a thread of its own.
/// Thread safety  run() on one thread; all else on any.
/// Ownership      borrows what is in Shared, which outlives it.
/// Errors         run() throws nothing.
/// Limits         a stop takes as long as that of a Source, and what a session that is being opened takes.
class Publisher {
 public:
  /// What all databases of the process have in common.
  struct Shared {
    RunMode mode;
    bool watched = true;  ///< somebody may ask for health and metrics
    host::LineOutput& output;
    SpanQueue& spans;
    Clock& clock;
    host::Log& log;
    Metrics& metrics;
  };

  /// `secrets`: of the configuration that it is from.
  Publisher(Config config, const host::Secrets& secrets, const Shared& shared);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  ~Publisher();

  /// Until stopped, caught up (if asked for), or halted. One of several that gave up because its database was not prepared begins
  /// anew, as the service would that has a process for itself.
  [[nodiscard]] host::ExitCode run(const std::stop_token& stop);

  /// Takes the limits that hold from now on, and begins shards again that have halted while others run.
  void reload(LiveLimits::Limits limits) {
    limits_.set(std::move(limits));
    ++reloads_;
  }
  [[nodiscard]] DatabaseHealth health() const;
  /// Since when it has been ending, by a stop or because one of its logs has halted.
  [[nodiscard]] std::optional<SourceHealth::Time> ending_since() const;
  /// A source of it needs an operator.
  [[nodiscard]] bool has_halted() const;
  [[nodiscard]] const Config& config() const noexcept { return config_; }
  [[nodiscard]] host::Log& log() noexcept { return log_; }

 private:
  [[nodiscard]] host::ExitCode publish(const std::stop_token& stop);
  [[nodiscard]] host::ExitCode publish_log(const std::string& name, const std::stop_token& stop);
  [[nodiscard]] bool begins_anew(host::ExitCode code) const;
  [[nodiscard]] bool is_one_of_many() const noexcept { return !config_.database.name.empty(); }
  void set_ending(bool ending);

  const Config config_;
  const Shared shared_;
  host::Log log_;
  LiveLimits limits_{config_.relay.rate_limits};
  const SinkFactory open_sink_;
  const EventId instance_ = EventId::generate();
  std::atomic<int> reloads_{0};
  Units units_;
  mutable std::mutex mutex_;
  std::optional<SourceHealth::Time> ending_since_;
};

}  // namespace annals::relayd
