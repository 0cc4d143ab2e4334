#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "annals/outbox/relay.hpp"
#include "annals/outbox/retention.hpp"
#include "annals/outbox/status.hpp"
#include "relay/health.hpp"

namespace annals::relayd {

/// The numbers of one source. Thread safety: all methods.
class SourceMetrics {
 public:
  SourceMetrics() = default;
  SourceMetrics(const SourceMetrics&) = delete;
  SourceMetrics& operator=(const SourceMetrics&) = delete;
  virtual ~SourceMetrics() = default;

  virtual void step(const outbox::StepReport& report, std::chrono::duration<double> duration) = 0;
  virtual void enter(Phase phase) = 0;
  virtual void sink_connected(bool connected) = 0;
  /// The sink's other side is away, or has been and has taken nothing yet.
  virtual void circuit_open(bool open) = 0;
  virtual void restart(std::string_view reason) = 0;
  /// One message was set aside.
  virtual void set_aside() = 0;
  /// Nothing when it cannot be known at the moment.
  virtual void lag(const outbox::RelayStatus* status) = 0;
  /// Of the outbox; nullptr when it cannot be known at the moment.
  virtual void retention(const outbox::RetentionStatus* status) = 0;
  /// Of the payloads that stayed in the database; nothing when it cannot be known at the moment.
  virtual void claim_table(std::optional<std::int64_t> bytes) = 0;
  /// Whether the table is read because the log cannot be.
  virtual void log_fault(bool fault) = 0;
  /// It stands by, and the lock's holder publishes nothing; nothing when it cannot be known at the moment.
  virtual void standby_fault(std::optional<bool> fault) = 0;
  /// The source is no part of this process any more: its series go away, and what is told later is nobody's.
  virtual void retire() = 0;
};

/// What the series of a source are told apart by.
struct SourceLabels {
  std::string database;  ///< empty: the process has one, and no such label
  std::string relay;
  std::string source;
  friend bool operator<(const SourceLabels& a, const SourceLabels& b) {
    return std::tie(a.database, a.relay, a.source) < std::tie(b.database, b.relay, b.source);
  }
};

/// All metrics of the process in Prometheus' text format. Thread safety: all methods.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Registers a source; every series of it is there from the start, but for those that the database has to be asked for. One that
  /// comes again has its counters still, unless it was retired. Owned by Metrics.
  [[nodiscard]] SourceMetrics& add_source(const SourceLabels& labels);
  /// Of all sources together.
  void spans(std::size_t exported, std::size_t dropped);
  [[nodiscard]] std::string text();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::relayd
