#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "annals/postgres/tail/name_cache.hpp"

namespace annals::outbox {

/// The names of the streams of events that come from the log. A commit stands in the log a moment before others see it, and a long
/// moment where a synchronous standby is waited for: a name may not be there yet when its event is.
///
/// Thread safety  none. Ownership: borrows connection and clock.
/// Errors         Error{corrupt}: a stream is not there, and nobody is open any more who had written the event.
class WalNames {
 public:
  WalNames(postgres::Connection& connection, const postgres::MessageLog& log, Clock& clock);

  /// Fetches the names of these; false while one is not there yet.
  [[nodiscard]] bool know(const std::vector<std::int64_t>& streams);
  /// The last call said false.
  [[nodiscard]] bool waiting() const noexcept { return waiting_since_.has_value(); }
  /// Then: how long until looking again is worth it.
  [[nodiscard]] std::chrono::milliseconds pause() const;
  void restart() noexcept { waiting_since_.reset(); }
  /// Of one that is known; valid until the next know().
  [[nodiscard]] const std::string& name(std::int64_t stream) const { return names_.name(stream); }

 private:
  [[nodiscard]] bool settled();

  Clock& clock_;
  postgres::NameCache names_;
  const postgres::LogTable table_;
  postgres::HorizonProver prover_;
  std::optional<std::chrono::steady_clock::time_point> waiting_since_;
};

}  // namespace annals::outbox
