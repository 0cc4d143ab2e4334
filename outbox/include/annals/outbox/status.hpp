#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/core/timestamp.hpp"
#include "annals/postgres/message_log.hpp"
#include "annals/postgres/ownership.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::outbox {

/// The outbox table as it is now. Cheap: no count, no scan.
struct OutboxStatus {
  std::int64_t last_position = 0;   ///< of the newest visible row; 0 when there is none
  std::int64_t rows_estimated = 0;  ///< by the planner's statistics; wrong until the first ANALYZE
  std::int64_t size_bytes = 0;      ///< table, indexes and TOAST
  /// Age of the oldest message that at least one relay of the outbox still has to deliver (with no relay: the oldest at
  /// all); nothing when everything is delivered.
  std::optional<std::chrono::milliseconds> oldest_unpublished_age;
  std::int64_t claims_estimated =
      0;  ///< payloads that stayed here when their messages were published; as rows_estimated
  std::int64_t claims_size_bytes = 0;  ///< of their table
};

/// The slot of a relay that reads the write-ahead log.
struct SlotStatus {
  std::string name;
  bool active = false;              ///< somebody reads it
  std::string wal_status;           ///< PostgreSQL's: reserved, extended, unreserved (about to be lost), lost
  std::int64_t retained_bytes = 0;  ///< of the log, that the server keeps for it
};

/// One relay, or shard of one, by its checkpoint.
struct RelayStatus {
  std::string relay;          ///< of a shard as shard_name() has it
  std::string log;            ///< MessageLog::name
  std::int64_t position = 0;  ///< everything up to here is delivered
  /// Positions after it; an upper bound, because rolled-back positions count. Nothing: the log is in no table, see `slot`.
  std::optional<std::int64_t> lag_messages;
  std::optional<std::chrono::milliseconds> oldest_age;  ///< of the first message after it; nothing when caught up
  std::optional<postgres::Owner> owner;                 ///< nothing when no relay of this name is publishing
  bool exactly_once = false;      ///< the broker has the say, and `position` follows a moment behind
  std::int64_t parked = 0;        ///< messages that were set aside and wait, and those that wait behind them
  std::int64_t dead_letters = 0;  ///< messages that were set aside alone, and that nobody has decided about
  std::int64_t epoch = 0;         ///< counts its owners: the last one writes
  bool retired = false;           ///< its last owner has left for good, because the number of shards changes
  std::string instance = {};      ///< "host:pid" of the process that owns it or did last; empty where that is gone
  Timestamp updated_at;           ///< when the checkpoint was written
  std::string system_identifier;  ///< of the cluster that the checkpoint belongs to
  std::string timeline;
  std::optional<EventId> message_id;  ///< of the message at `position`
  std::optional<SlotStatus> slot;     ///< nothing: it reads the table
};

/// Throws Error{invalid} when `schema` is not a plain identifier, Error{failed} when the tables are not there.
[[nodiscard]] OutboxStatus read_outbox_status(postgres::Connection& connection, const std::string& schema);

/// All relays of these logs that ever had a checkpoint, by log and name.
[[nodiscard]] std::vector<RelayStatus> read_relay_status(postgres::Connection& connection,
                                                         const std::vector<postgres::MessageLog>& logs);

/// Who holds the lock of a relay, whether or not it ever had a checkpoint; nothing: nobody.
[[nodiscard]] std::optional<postgres::Owner> find_relay_owner(postgres::Connection& connection,
                                                              const postgres::MessageLog& log,
                                                              const std::string& relay);

/// What to adopt: see adopt_checkpoint().
struct Adoption {
  std::string relay = "relay";
  /// Everything up to here counts as delivered and everything after it is published (again). By default the recorded
  /// position stays.
  std::optional<std::int64_t> position = std::nullopt;
  /// How long to wait for open transactions that may still write at or below it.
  std::chrono::milliseconds settle_timeout{5'000};
};

/// Declares that a relay's checkpoint belongs to the database at hand, after a fail-over, a dump and restore or another
/// deliberate change of history; creates the checkpoint when there is none and a position is given. This is the
/// operator's decision: messages up to the position are never published again. To give up a single message use
/// skip_message().
///
/// The checkpoint lands on the last row at or below the position. Takes the relay's lock for the duration.
/// Throws Error{overloaded} naming the owner while a relay of that name runs; Error{invalid} when there is no
/// checkpoint and no position, or when the log ends before the position.
RelayStatus adopt_checkpoint(postgres::Connection& connection, const postgres::MessageLog& log,
                             const Adoption& adoption);

/// Removes the checkpoint of a relay that will never run again, which else keeps every message after it in the outbox. A relay that
/// is started under this name later begins like a new one. What operators decided for it stays on record.
///
/// Takes the relay's lock for the duration.
/// Throws Error{overloaded} naming the owner while a relay of that name runs; Error{invalid} when there is no checkpoint, when
/// messages that it set aside wait for a decision, or when it has a slot, for which the server would keep its log for ever.
void forget_checkpoint(postgres::Connection& connection, const postgres::MessageLog& log, const std::string& relay);

/// One message that a relay is to pass over.
struct Skip {
  std::string relay = "relay";
  std::int64_t position = 0;
  EventId id;               ///< of the message at `position`: a slip of the finger must not hit another one
  std::string reason = {};  ///< for whoever finds the hole; required, at most 1 KiB
};

/// Records that a relay never publishes this one message; who decided it (session_user), when and why is kept in
/// relay_decisions. Everything before and after it is published, in order. The relay learns it at its next start.
///
/// Takes the relay's lock for the duration. Doing it twice is doing it once.
/// Throws Error{overloaded} naming the owner while a relay of that name runs; Error{invalid} when the relay has no
/// checkpoint, when it is past the message already, when another message, or none, is at the position, or without a reason.
void skip_message(postgres::Connection& connection, const postgres::MessageLog& log, const Skip& skip);

}  // namespace annals::outbox
