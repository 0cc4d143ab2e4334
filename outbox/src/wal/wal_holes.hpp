#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/clock.hpp"
#include "annals/postgres/log_table.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/replication/lsn.hpp"
#include "annals/postgres/result.hpp"
#include "annals/postgres/tail/blocker.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"
#include "progress/progress.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// Finds out which holes among the positions that the log has given stay empty, so that the watermark moves on. wal_holes.cpp opens
/// with the argument.
///
/// Thread safety  none. Ownership: borrows all that it is given.
/// Errors         Error{corrupt}: the log has left out a message that the table has.
/// Limits         one look an interval, of few statements; waits for nothing.
class WalHoles {
 public:
  WalHoles(postgres::Connection& connection, const postgres::MessageLog& log, Clock& clock);

  struct Found {
    std::vector<Progress::Range> empty = {};  ///< holes in which no message is, nor will be
    Progress::Place last = {};                ///< the last message of these
    std::int64_t settled = 0;  ///< everything that is in the table up to here has been read; 0: nothing is known
  };
  /// Looks, when it is time to. `read` is all that the log has given, up to `passed`.
  [[nodiscard]] Found look(const Progress& read, postgres::Lsn passed);
  /// A run begins: what was proven for the one before says nothing.
  void restart() noexcept { proof_.reset(); }
  /// Who keeps a proof from being complete.
  [[nodiscard]] std::vector<postgres::Blocker> blockers() { return prover_.blockers(); }

 private:
  /// No transaction can still write at or below `horizon`, and what is committed there is in the log before `end`.
  struct Proof {
    std::int64_t horizon = 0;
    postgres::Lsn end;
  };
  [[nodiscard]] bool is_due(const Progress& read, postgres::Lsn passed);
  void prove(const Progress& read);
  void require_none_filled(const Progress& read, std::int64_t horizon);
  [[nodiscard]] std::vector<Progress::Range> empty_ones(const std::vector<Progress::Range>& holes);
  [[nodiscard]] postgres::Result filled(const std::vector<Progress::Range>& holes);

  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  Clock& clock_;
  const postgres::LogTable table_;
  postgres::HorizonProver prover_;
  std::string filled_sql_;
  std::string place_sql_;
  std::optional<Proof> proof_;
  std::chrono::steady_clock::time_point looked_at_;
};

}  // namespace annals::outbox
