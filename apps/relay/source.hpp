#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "annals/core/backoff.hpp"
#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "host/process/exit_code.hpp"
#include "host/text/log.hpp"
#include "relay/breaker.hpp"
#include "relay/crew/seat.hpp"
#include "relay/health.hpp"
#include "relay/live_limits.hpp"
#include "relay/metrics.hpp"
#include "relay/open_sink.hpp"
#include "relay/own/own_watch.hpp"
#include "relay/reading_watch.hpp"
#include "relay/settings/config.hpp"

namespace annals::relayd {

struct RunMode {
  bool until_caught_up = false;
  bool exit_on_unavailable = false;
  std::string config_file = {};  ///< for the commands that are offered
};

/// Keeps one table, or a shard of it, flowing as long as its seat says so: opens a Relay and a Sink, steps them, and after an error that can pass throws both away
/// and opens new ones, with growing pauses. Ends when stopped, when caught up (if asked for), or when an operator is
/// needed.
///
/// Lifecycle      construct -> run() once, on a thread of its own.
/// Thread safety  run() only.
/// Ownership      borrows all that it is constructed with.
/// Errors         run() throws nothing.
/// Limits         a stop takes one step and then at most limits.drain_timeout.
class Source {
 public:
  struct Parts {
    const Config& config;
    RunMode mode;
    const SinkFactory& open_sink;
    const LiveLimits& limits;
    Clock& clock;
    host::Log& log;
    SourceHealth& health;
    SourceMetrics& metrics;
    Seat& seat;
    const std::string& relay;  ///< the shard's name
    outbox::Shard shard = {};
    EventId instance = {};
  };

  Source(postgres::MessageLog log, Parts parts);

  [[nodiscard]] host::ExitCode run(const std::stop_token& stop);

 private:
  /// Nothing: the seat was left.
  using Outcome = std::optional<host::ExitCode>;

  [[nodiscard]] Outcome session(const std::stop_token& stop);
  [[nodiscard]] outbox::Relay open_relay(const OpenSink& sink) const;
  void require_tables();
  [[nodiscard]] Outcome publish(const OpenSink& sink, const std::stop_token& stop);
  [[nodiscard]] Outcome publish(outbox::Relay& relay, const OpenSink& sink, const std::stop_token& stop);
  [[nodiscard]] Outcome retire(outbox::Relay& relay, const std::stop_token& stop);
  void stand_back(const std::stop_token& stop);
  void probe(const OpenSink& sink, const std::stop_token& stop);
  [[nodiscard]] bool step(outbox::Relay& relay, const OpenSink& sink);
  void observe_sink(const outbox::StepReport& report, bool connected);
  void circuit(std::optional<Breaker::State> change);
  void limit(outbox::Relay& relay);
  void observe(const outbox::StepReport& report, std::chrono::steady_clock::duration duration);
  void enter(Phase phase, std::string detail = {});
  void log_change(Phase from, Phase to);
  void note(const outbox::SetAside& message);
  void log_set_aside(const outbox::SetAside& message);

  /// A database that is not prepared may be about to be: waits for it, but not for ever.
  [[nodiscard]] std::optional<host::ExitCode> await_preparation(const Error& error);
  /// How to end after an error; nothing when trying again may help.
  [[nodiscard]] std::optional<host::ExitCode> judge(const Error& error);
  [[nodiscard]] host::ExitCode halt(host::ExitCode code, const Error& error);
  [[nodiscard]] std::optional<host::ExitCode> retry(std::string_view reason, std::string_view message,
                                                    std::string_view hint, std::string_view outlook = {});
  [[nodiscard]] std::string told(std::string_view reason, std::string_view message) const;
  void pause(const std::stop_token& stop);

  const postgres::MessageLog log_;
  Parts parts_;
  Backoff backoff_;
  Breaker breaker_;
  Phase phase_ = Phase::connecting;
  std::size_t in_flight_ = 0;  ///< of the last step
  bool publishes_before_retiring_ = false;
  std::optional<outbox::SetAside> halted_at_;
  LiveLimits::Limits limits_;  ///< that the relay has
  ReadingWatch reading_;
  std::optional<OwnWatch> own_;  ///< of a service's own table
  std::optional<std::chrono::steady_clock::time_point> unprepared_since_;
};

}  // namespace annals::relayd
