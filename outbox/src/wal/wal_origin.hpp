#pragma once
#include <chrono>
#include <string>

#include "annals/outbox/message_source.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/replication/lsn.hpp"
#include "enqueue/emitted.hpp"
#include "log/table_history.hpp"
#include "progress/progress.hpp"
#include "wal/wal_cursor.hpp"
#include "wal/wal_slot.hpp"

namespace annals::outbox {

/// Where a run of the mined log begins: in the log, where the cursor stands; or, when the slot does not have all that follows it,
/// in the table. wal_origin.cpp opens with which, and why.
///
/// Thread safety  none. Ownership: borrows connection and log.
/// Errors         those of WalSlot and TableHistory; Error{corrupt}: messages were emitted that the slot does not have any more.
class WalOrigin {
 public:
  WalOrigin(postgres::Connection& connection, const postgres::MessageLog& log, const TableHistory::Options& options);

  /// The cursor of a place to begin at; see MessageSource::first().
  [[nodiscard]] Cursor first(const Start& start, std::chrono::milliseconds wait_max) {
    return history_.first(start, wait_max);
  }
  struct Begin {
    Progress published;
    WalPlace place;
    bool from_table = false;  ///< first read from the table what the slot does not have
    EmittedPrefix emitted = {};
  };
  /// Makes the slot where it is not there.
  [[nodiscard]] Begin begin(const Cursor& after);
  /// Known after begin().
  [[nodiscard]] const std::string& slot() const noexcept { return slot_.name(); }
  [[nodiscard]] const postgres::ClusterIdentity& cluster() const noexcept { return history_.cluster(); }

 private:
  postgres::Connection& connection_;
  const postgres::MessageLog& log_;
  TableHistory history_;
  WalSlot slot_;
};

}  // namespace annals::outbox
