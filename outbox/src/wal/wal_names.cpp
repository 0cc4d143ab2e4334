#include "wal/wal_names.hpp"

#include <algorithm>

#include "annals/core/error.hpp"

namespace annals::outbox {

using std::chrono::milliseconds;

namespace {

/// Between two looks: at first a commit is waited for, which takes a moment, and then a standby.
constexpr milliseconds pause_min{1};
constexpr milliseconds pause_max{100};

}  // namespace

WalNames::WalNames(postgres::Connection& connection, const postgres::MessageLog& log, Clock& clock)
    : clock_(clock),
      names_(connection, log.stream_names, log.stream_remedy),
      table_(postgres::log_table(log)),
      prover_(connection, table_) {}

bool WalNames::know(const std::vector<std::int64_t>& streams) {
  const bool was_settled = waiting_since_ && settled();
  try {
    if (!streams.empty()) names_.require(streams);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt || was_settled) throw;
    if (waiting_since_) return false;
    waiting_since_ = clock_.steady();
    (void)prover_.begin();
    return false;
  }
  waiting_since_.reset();
  return true;
}

/// Whoever had written when it was first waited for has ended. An event's stream is there before the event, or comes with it.
bool WalNames::settled() { return !prover_.pending() || prover_.advance(); }

milliseconds WalNames::pause() const {
  const auto waited = std::chrono::floor<milliseconds>(clock_.steady() - waiting_since_.value_or(clock_.steady()));
  return std::clamp(waited, pause_min, pause_max);
}

}  // namespace annals::outbox
