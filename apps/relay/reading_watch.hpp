#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "annals/core/clock.hpp"
#include "annals/outbox/relay.hpp"
#include "annals/postgres/tail/blocker.hpp"
#include "host/text/log.hpp"

namespace annals::relayd {

/// Says what is in the way of a source's reading: transactions that are open for long, and a write-ahead log that cannot be read.
///
/// Thread safety  none. Ownership: borrows clock and log.
class ReadingWatch {
 public:
  ReadingWatch(std::string source, Clock& clock, host::Log& log)
      : source_(std::move(source)), clock_(clock), log_(log) {}

  /// After each step.
  void look(const outbox::StepReport& report);

 private:
  void look_at_blockers(const outbox::StepReport& report);
  void look_at_log(const outbox::StepReport& report);
  void name(const postgres::Blocker& blocker, std::chrono::seconds waited);

  std::string source_;
  Clock& clock_;
  host::Log& log_;
  std::optional<std::chrono::steady_clock::time_point> blocked_since_;
  std::chrono::steady_clock::time_point name_at_;  // not before then
  std::optional<outbox::ReadFrom> read_from_;      // as it was told last
  std::string log_fault_;
};

}  // namespace annals::relayd
